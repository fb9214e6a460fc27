import { afterAll, beforeAll, expect, test } from 'vitest';
import { impactFigures } from '../../src/respond/incidents/impact.ts';
import { START } from '../support/alert-rig.ts';
import { type StateServer, startStateServer } from '../support/state-server.ts';
import { startTelemetryServer, type TelemetryServer } from '../support/telemetry-server.ts';
import { CONFIG, incidentRig } from './rig.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let state: StateServer;
let telemetry: TelemetryServer;

beforeAll(async () => {
  [state, telemetry] = await Promise.all([startStateServer(), startTelemetryServer()]);
});
afterAll(() => Promise.all([state.stop(), telemetry.stop()]));

/** So many requests in each minute of `[from, to)`, minutes from the start, some of which failed. */
async function traffic(from: number, to: number, failed: number, duration: number, service = 'api') {
  const rows = [];
  for (let minute = from; minute < to; minute++) {
    for (let n = 0; n < 10; n++) {
      rows.push({
        ...{ project: '1', service, environment: 'production', release: '1', endpoint: '/orders', method: 'GET' },
        ...{ timestamp: START + minute * MINUTE + n * 1_000, statusCode: n < failed ? 500 : 200, duration },
        dedupKey: `${service}-${minute}-${n}`,
      });
    }
  }
  await telemetry.insert('request_rows', rows);
}

test('the graph is frozen around beginning and end, with alerts and deploys, and stays when telemetry is gone', async () => {
  const { db } = await state.database();
  const rig = await incidentRig(db, CONFIG, { telemetry: telemetry.telemetry });
  const { incidents, clock } = rig;
  await traffic(-20, 0, 0, 50);
  await traffic(0, 300, 4, 800);
  await traffic(300, 320, 1, 100);
  await traffic(-20, 320, 10, 9_000, 'other');
  rig.facts = [
    { at: START - 2 * MINUTE, kind: 'deploy', actor: null, text: 'Deployed: release 2', source: 'deploy:1' },
  ];
  await clock.advance(10 * MINUTE);
  await incidents.declare({ title: 'Orders fail', startedAt: START, labels: { service: 'api' } }, rig.by('ada'));
  await incidents.round(clock.now());

  // While it goes on the minutes so far are there, and are read again every minute.
  const early = await incidents.impact('1');
  expect(early).toMatchObject({ service: 'api', error: null, before: { minutes: 15, failed: 0 } });
  expect(early.spans).toMatchObject([{ complete: false }]);
  expect(early.spans[0]?.minutes).toHaveLength(25);
  await clock.advance(MINUTE);
  await incidents.round(clock.now());
  expect((await incidents.impact('1')).spans[0]?.minutes).toHaveLength(26);

  await clock.advance(4 * HOUR + 49 * MINUTE);
  await incidents.move('1', { status: 'resolved' }, rig.by('ada'));
  await clock.advance(15 * MINUTE + 31_000);
  await incidents.round(clock.now());
  await telemetry.telemetry.command('TRUNCATE TABLE request_rows');
  await clock.advance(60 * 24 * HOUR);
  await incidents.round(clock.now());

  const { spans, marks, before, during, after, worst } = await incidents.impact('1');
  expect(spans.map(({ from, to, complete, minutes }) => [from, to, complete, minutes.length])).toEqual([
    [iso(-15), iso(120), true, 135],
    [iso(180), iso(315), true, 135],
  ]);
  expect(marks.map(({ kind, at }) => [kind, at])).toEqual([
    ['deploy', iso(-2)],
    ['began', iso(0)],
    ['mitigated', iso(300)],
    ['ended', iso(300)],
  ]);
  expect(before).toEqual({ minutes: 15, requests: 150, failed: 0, requestsPerMinute: 10, errorPercent: 0, p95Ms: 50 });
  expect(during).toMatchObject({ minutes: 240, requests: 2_400, failed: 960, errorPercent: 40, p95Ms: 800 });
  expect(after).toMatchObject({ minutes: 15, errorPercent: 10, p95Ms: 100 });
  expect(worst).toMatchObject({ error: { failed: 4 }, p95: { p95Ms: 800 } });
  const { text } = await incidents.postmortem('1');
  for (const line of [
    'Requests of api around it, from the frozen evidence:',
    '| Requests a minute | 10 | 10 | 10 |',
    '| Failed | 0 of 150 | 960 of 2400 | 15 of 150 |',
    '| Error rate | 0 % | 40 % | 10 % |',
    `Most failed at ${iso(0).slice(0, 19).replace('T', ' ')}: 40 %.`,
  ]) {
    expect(text).toContain(line);
  }
});

test('a short incident is one stretch; without a request there is no graph, and an end that is taken back is none', async () => {
  const { db } = await state.database();
  const rig = await incidentRig(db, CONFIG, { telemetry: telemetry.telemetry });
  const { incidents, clock } = rig;
  await incidents.declare({ title: 'Nobody comes', labels: { service: 'nobody' } }, rig.by('ada'));
  await incidents.round(clock.now());
  expect(await incidents.impact('1')).toMatchObject({ spans: [], marks: [], during: { errorPercent: null } });
  expect((await incidents.postmortem('1')).text).not.toContain('frozen evidence');

  await traffic(-15, 200, 2, 50, 'shop');
  await incidents.declare({ title: 'Shop', labels: { service: 'shop' } }, rig.by('ada'));
  await clock.advance(110 * MINUTE);
  await incidents.move('2', { status: 'resolved' }, rig.by('ada'));
  await clock.advance(15 * MINUTE + 31_000);
  await incidents.round(clock.now());
  const { spans } = await incidents.impact('2');
  expect(spans.map(({ from, to, minutes }) => [from, to, minutes.length])).toEqual([[iso(-15), iso(125), 140]]);
  await incidents.move('2', { status: 'investigating' }, rig.by('ada'));
  await incidents.round(clock.now());
  expect((await incidents.impact('2')).spans).toMatchObject([{ to: iso(120) }]);
});

test('what is before, during and after is told apart by the minute', () => {
  const minute = (n: number, failed = 0) => ({ at: iso(n), requests: 10, failed, p95Ms: 5 });
  const incident = { startedAt: START + 30_000, mitigatedAt: START + 2 * MINUTE, movedAt: START, resolvedAt: null };
  const found = impactFigures({ ...incident, status: 'monitoring' }, [
    minute(-1),
    minute(0, 1),
    minute(1, 3),
    minute(2),
  ]);
  expect([found.before.minutes, found.during.minutes, found.after.minutes]).toEqual([1, 2, 1]);
  expect(found.worst.error).toMatchObject({ at: iso(1) });
});

function iso(minutes: number): string {
  return new Date(START + minutes * MINUTE).toISOString();
}
