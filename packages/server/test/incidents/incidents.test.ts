import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Db } from '../../src/lib/db.ts';
import { Secret } from '../../src/lib/secret.ts';
import { slackAppNotifier } from '../../src/respond/notify/slack/app.ts';
import { START } from '../support/alert-rig.ts';
import { type StateServer, startStateServer } from '../support/state-server.ts';
import { SLACK_TOKEN, slackAppServer } from '../support/vendors/slack-app.ts';
import { CONFIG, type IncidentRig, incidentRig } from './rig.ts';

let server: StateServer;
let db: Db;
let rig: IncidentRig;

beforeAll(async () => {
  server = await startStateServer();
});
afterAll(() => server.stop());
beforeEach(async () => {
  ({ db } = await server.database());
  rig = await incidentRig(db);
});
afterEach(() => server.closeDatabases());

/** Every 15 s in `[from, until]` seconds. */
function samples(metric: string, from: number, until: number, value: number, service = 'api') {
  for (let t = from; t <= until; t += 15) {
    rig.rig.buckets.samples.push({ series: `metric:${metric}`, at: START + t * 1_000, value, labels: { service } });
  }
}

const lines = async (key: string) =>
  (await rig.incidents.read(key)).timeline.map(({ kind, text }) => `${kind}: ${text}`);

describe('an incident that an alert declares', () => {
  beforeEach(async () => {
    samples('load', 0, 120, 9);
    samples('load', 135, 900, 1);
    await rig.until(30);
  });

  test('takes over severity, beginning, runbook and labels, and is told in Slack through the outbox', async () => {
    const [incident] = (await rig.incidents.list({ state: 'open', limit: 10 })).items;
    expect(incident).toMatchObject({
      ...{ number: 1, severity: 'critical', status: 'triage', source: 'alert', declaredBy: 'yumops', drill: false },
      ...{ runbook: 'high-error-rate', labels: { service: 'api' }, alertsFiring: 1, acknowledgedAt: null },
    });
    expect(Date.parse(incident?.startedAt ?? '')).toBeLessThanOrEqual(START + 30_000);
    await rig.rig.until(40);
    const told = rig.rig.receivers.received.filter(({ target }) => target === '#incidents');
    expect(told.map(({ title, kind }) => [kind, title])).toEqual([
      ['update', expect.stringContaining('Incident 1 was declared: High Error Rate')],
    ]);
  });

  test('is one, however many rounds, processes and alerts of the service there are', async () => {
    samples('latency', 0, 120, 9);
    await rig.until(60);
    await Promise.all([rig.incidents.round(rig.clock.now()), rig.another().round(rig.clock.now())]);
    const { items } = await rig.incidents.list({ state: 'all', limit: 10 });
    expect(items).toHaveLength(1);
    expect((await rig.incidents.read('1')).alerts.map(({ rule }) => rule).sort()).toEqual(['High Error Rate', 'Slow']);
  });

  test('has each fact once in its timeline, in order, after rounds that were cut short', async () => {
    rig.facts = [{ at: START - 60_000, kind: 'deploy', actor: null, text: 'release 2.4', source: 'deploy:1' }];
    for (const t of [45, 60, 60, 75]) await rig.until(t);
    await rig.another().round(rig.clock.now());
    const { timeline } = await rig.incidents.read('1');
    const texts = timeline.map(({ kind, text, at }) => `${at} ${kind} ${text}`);
    expect(new Set(texts).size).toBe(texts.length);
    expect(timeline[0]).toMatchObject({ kind: 'deploy', text: 'release 2.4' });
    expect([...timeline].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : a.id - b.id))).toEqual(timeline);
    expect(new Set(timeline.map(({ kind }) => kind))).toEqual(new Set(['deploy', 'declared', 'alert', 'notification']));
  });

  test('is unowned once everybody was told as often as may be, until somebody takes it', async () => {
    const owned = async () => {
      const { items } = await rig.incidents.list({ state: 'open', limit: 10 });
      return [items[0]?.unowned, (await rig.incidents.read('1')).unowned];
    };
    expect(await owned()).toEqual([false, false]);
    await db.query(
      `INSERT INTO alert_timeline (alert_id, at, kind, reason)
       SELECT alert_id, now(), 'exhausted', 'nobody acknowledged' FROM incident_alerts`,
    );
    expect(await owned()).toEqual([true, true]);
    await rig.incidents.acknowledge('1', { ...rig.by('sam'), via: 'console' });
    expect(await owned()).toEqual([false, false]);
  });

  test('is taken by whoever acknowledges its alert, who has the command from then on', async () => {
    await rig.rig.acknowledge('ada', 'slack');
    await rig.until(45);
    expect(await rig.incidents.read('1')).toMatchObject({
      ...{ status: 'investigating', acknowledgedBy: 'ada', roles: { commander: 'ada' } },
      times: { acknowledge: expect.any(Number) },
    });
    expect(await lines('1')).toContainEqual(expect.stringMatching(/^acknowledgement: .*ada acknowledged by slack/));
  });

  test('is taken with its alerts from the incident, which stops their escalation', async () => {
    await rig.incidents.acknowledge('1', { ...rig.by('sam'), via: 'console' });
    await rig.until(45);
    const { alerts, status } = await rig.incidents.read('1');
    expect([status, alerts[0]?.acknowledgedBy]).toEqual(['investigating', 'sam']);
  });

  test('is watched when all its alerts have ended, is resolved by a person, and opens again when it comes back', async () => {
    await rig.until(180);
    expect((await rig.incidents.read('1')).status).toBe('monitoring');
    await rig.incidents.move('1', { status: 'resolved', note: 'restarted' }, rig.by('ada'));
    const { times, resolvedAt } = await rig.incidents.read('1');
    expect(times.resolve).toBe(rig.clock.now() - Date.parse((await rig.incidents.read('1')).startedAt));
    expect(resolvedAt).not.toBeNull();
    rig.rig.buckets.samples.length = 0;
    samples('load', 195, 300, 9);
    await rig.until(240);
    const again = await rig.incidents.read('1');
    expect(again).toMatchObject({ status: 'investigating', reopened: 1, resolvedAt: null });
    expect((await rig.incidents.list({ state: 'all', limit: 10 })).items).toHaveLength(1);
  });
});

test('an alert that nobody is told of, because work is planned, declares nothing', async () => {
  samples('load', 0, 60, 9);
  await rig.rig.until(15);
  await db.query(
    `INSERT INTO alert_silences (id, matchers, starts_at, ends_at, alert_ids, author, reason, created_at)
     VALUES ('s', '[{"name":"service","op":"=","value":"api"}]', $1, $2, '[]', 'ada', 'deploy', $1)`,
    [new Date(START - 1_000), new Date(START + 3_600_000)],
  );
  await rig.until(45);
  expect((await rig.incidents.list({ state: 'all', limit: 10 })).items).toEqual([]);
});

describe('evidence', () => {
  const declared = (t: number) =>
    rig.incidents.declare({ title: 'Orders fail', startedAt: START + t * 1_000 }, rig.by('ada'));

  test('is frozen at once, again when its span has passed, and then never again', async () => {
    await declared(0);
    await rig.incidents.round(rig.clock.now());
    expect((await rig.incidents.read('1')).evidence).toMatchObject([{ kind: 'logs', complete: false, kept: 1 }]);
    rig.evidence = { rows: [{ message: 'a' }, { message: 'b' }], total: 700 };
    await rig.clock.advance(15 * 60_000 + 31_000);
    await rig.incidents.round(rig.clock.now());
    rig.evidence = { rows: [], total: 0 };
    await rig.clock.advance(60_000);
    await rig.incidents.round(rig.clock.now());
    expect(await rig.incidents.evidence('1', 'logs')).toMatchObject({
      ...{ complete: true, total: 700, kept: 2, rows: [{ message: 'a' }, { message: 'b' }], error: null },
      ...{ from: new Date(START - 900_000).toISOString(), to: new Date(START + 900_000).toISOString() },
    });
  });

  test('that cannot be read says why, keeps what was read before, and is tried again', async () => {
    await declared(0);
    await rig.incidents.round(rig.clock.now());
    rig.evidence = new Error('the store is away');
    await rig.clock.advance(15 * 60_000 + 31_000);
    await rig.incidents.round(rig.clock.now());
    expect((await rig.incidents.read('1')).evidence).toMatchObject([
      { complete: false, kept: 1, error: 'the store is away' },
    ]);
    rig.evidence = { rows: [], total: 0 };
    await rig.clock.advance(61_000);
    await rig.incidents.round(rig.clock.now());
    expect((await rig.incidents.read('1')).evidence).toMatchObject([{ complete: true, kept: 0, error: null }]);
  });
});

test('a drill goes from its declaration to the postmortem on a clock of its own, is marked everywhere and counts in no figure', async () => {
  await rig.incidents.declare({ title: 'Exercise', drill: true, severity: 'critical' }, rig.by('ada'));
  await rig.rig.run();
  for (const status of ['identified', 'monitoring', 'resolved', 'closed'] as const) {
    await rig.clock.advance(600_000);
    await rig.incidents.move('1', { status }, rig.by('ada'));
    await rig.rig.run();
  }
  expect(rig.rig.receivers.received.map(({ title }) => title)).toEqual(
    ['was declared', 'is identified', 'is monitoring', 'is resolved', 'is closed'].map((what) =>
      expect.stringContaining(`DRILL · Incident 1 ${what}: Exercise`),
    ),
  );
  expect(await rig.incidents.read('1')).toMatchObject({
    drill: true,
    times: { detect: 0, acknowledge: 0, mitigate: 1_200_000, resolve: 1_800_000 },
  });
  expect((await rig.incidents.postmortem('1')).text).toContain('Incident 1 (drill), severity critical, closed.');
  await rig.incidents.declare({ title: 'In earnest' }, rig.by('ada'));
  const found = await rig.incidents.statistics(START - 1_000, rig.clock.now() + 1);
  expect(found).toMatchObject({ incidents: 1, open: 1, bySeverity: { critical: 0, major: 1 } });
});

test('another part of the platform declares under a key: one while it is open, another when it is long over', async () => {
  const declare = () =>
    rig.incidents.declare(
      { title: 'The drill of main failed', key: 'drill:main', source: 'platform' },
      rig.by('backups'),
    );
  const first = await declare();
  expect(await declare()).toEqual({ ...first, created: false });
  await rig.incidents.move('1', { status: 'resolved' }, rig.by('ada'));
  await rig.clock.advance(16 * 60_000);
  expect(await declare()).toMatchObject({ number: 2, created: true });
  await expect(rig.incidents.move('1', { status: 'investigating' }, rig.by('ada'))).rejects.toMatchObject({
    code: 'incident_status',
  });
});

test('every change has an audit row, in the transaction of the change', async () => {
  await rig.incidents.declare({ title: 'Orders fail' }, rig.by('ada'));
  await rig.incidents.edit('1', { severity: 'critical', roles: { scribe: 'sam' } }, rig.by('ada'));
  await rig.incidents.comment('1', 'the queue is full', rig.by('sam'));
  const task = await rig.incidents.addTask('1', { title: 'Alert on the queue', assignee: 'sam' }, rig.by('ada'));
  await rig.incidents.setTask('1', { id: task, done: true }, rig.by('sam'));
  await rig.incidents.savePostmortem('1', '# What happened', rig.by('ada'));
  await expect(rig.incidents.move('1', { status: 'closed' }, rig.by('ada'))).rejects.toMatchObject({ status: 409 });
  const rows = await db.query<{ action: string; actor: string }>('SELECT action, actor FROM audit_log ORDER BY id');
  expect(rows.map(({ action, actor }) => `${action} ${actor}`)).toEqual([
    'incident.declare ada',
    'incident.edit ada',
    'incident.comment sam',
    'incident.task ada',
    'incident.task sam',
    'incident.postmortem ada',
  ]);
  expect(await lines('1')).toEqual([
    'declared: Declared as major: Orders fail',
    'severity: major → critical',
    'role: scribe: sam',
    'comment: the queue is full',
    'task: Task: Alert on the queue, for sam',
    'task: Done: Alert on the queue',
    'change: The postmortem was written',
  ]);
});

test('the postmortem is drafted from the timeline, and markup of others does not come into force', async () => {
  rig.facts = [{ at: START - 60_000, kind: 'deploy', actor: null, text: 'release <b>2.4</b> | x', source: 'deploy:1' }];
  await rig.incidents.declare({ title: 'Orders *fail*', startedAt: START - 120_000 }, rig.by('ada'));
  await rig.incidents.addTask('1', { title: 'Add a test' }, rig.by('ada'));
  await rig.clock.advance(600_000);
  await rig.incidents.move('1', { status: 'monitoring', note: 'rolled back' }, rig.by('ada'));
  await rig.clock.advance(600_000);
  await rig.incidents.move('1', { status: 'resolved' }, rig.by('ada'));
  await rig.incidents.gather('1', rig.clock.now());
  const { text, saved } = await rig.incidents.postmortem('1');
  expect(saved).toBe(false);
  for (const part of [
    '# Postmortem: Orders \\*fail\\*',
    '| Detected | 2026-01-05 10:00:00, after 2 min |',
    '| No more harm | 2026-01-05 10:10:00, after 12 min |',
    '| Resolved | 2026-01-05 10:20:00, after 22 min |',
    'Changed around the beginning:',
    'release \\<b\\>2.4\\</b\\> \\| x',
    '**status** ada: investigating → monitoring: rolled back',
    '- [ ] Add a test',
  ]) {
    expect(text).toContain(part);
  }
  await rig.incidents.savePostmortem('1', '# Ours', rig.by('sam'));
  expect(await rig.incidents.postmortem('1')).toMatchObject({ text: '# Ours', saved: true, by: 'sam' });
});

test('incidents of the same rule are related', async () => {
  samples('load', 0, 60, 9);
  samples('load', 75, 120, 1);
  await rig.until(45);
  await rig.until(150);
  await rig.incidents.move('1', { status: 'resolved' }, rig.by('ada'));
  await rig.clock.advance(3_600_000);
  const [alert] = await db.query<{ id: string }>('SELECT id FROM alerts');
  await rig.incidents.declare({ title: 'Again', alerts: [alert?.id ?? ''] }, rig.by('ada'));
  expect((await rig.incidents.read('2')).related).toMatchObject([{ number: 1, why: 'High Error Rate fired then too' }]);
});

test('Slack hears of every step in one thread, whose first message shows how it stands', async () => {
  const slack = await slackAppServer();
  try {
    const app = { botToken: new Secret(SLACK_TOKEN), signingSecret: null, base: `${slack.base}/api` };
    const notifiers = () => new Map([['slack', slackAppNotifier(app)]]);
    rig = await incidentRig(db, CONFIG, { notifiers });
    /** Does something, lets the messages go, and returns what Slack was told by it. */
    const told = async (deed: () => Promise<unknown>) => {
      const before = slack.accepted.length;
      await deed();
      await rig.clock.advance(5_000);
      await rig.rig.run();
      return slack.accepted.slice(before).map(({ path, body }) => {
        const { text, thread_ts: thread = null, ts = null } = JSON.parse(body);
        return { method: path.split('.').at(-1), text, thread, ts, body };
      });
    };
    const [first, ...others] = await told(() => rig.incidents.declare({ title: 'Orders fail' }, rig.by('ada')));
    expect([others, first?.thread, first?.body]).toEqual([[], null, expect.stringContaining('commander ada')]);
    const root = '1503435956.000001';
    const steps: [deed: () => Promise<unknown>, said: string, more: string][] = [
      [
        () => rig.incidents.move('1', { status: 'identified', note: 'the queue is full' }, rig.by('ada')),
        'is identified',
        'the queue is full',
      ],
      [
        () => rig.incidents.edit('1', { roles: { communications: 'sam', commander: 'eve' } }, rig.by('ada')),
        'changed hands',
        'commander: eve, communications: sam',
      ],
      [() => rig.incidents.edit('1', { severity: 'critical' }, rig.by('eve')), 'is critical now', 'Severity critical'],
      [() => rig.incidents.move('1', { status: 'monitoring' }, rig.by('eve')), 'is monitoring', 'commander eve'],
      [
        () => rig.incidents.move('1', { status: 'resolved', note: 'drained' }, rig.by('eve')),
        'is resolved',
        'status resolved, after',
      ],
      [
        () => rig.incidents.move('1', { status: 'investigating', note: 'again' }, rig.by('eve')),
        'is investigating',
        'again',
      ],
    ];
    for (const [deed, said, more] of steps) {
      const [reply, mark, ...rest] = await told(deed);
      expect([rest, reply?.method, reply?.thread, reply?.text], said).toEqual([
        [],
        'postMessage',
        root,
        expect.stringContaining(`Incident 1 ${said}: Orders fail`),
      ]);
      expect(reply?.body, said).toContain(more);
      expect(mark, said).toMatchObject({ method: 'update', ts: root, text: reply?.text });
    }
    // What is for those who look is told to nobody.
    expect(await told(() => rig.incidents.comment('1', 'hm', rig.by('eve')))).toEqual([]);
    expect(await told(() => rig.incidents.edit('1', { summary: 'more' }, rig.by('eve')))).toEqual([]);
    // Another incident has a thread of its own, and Slack refused nothing on the way.
    const [own] = await told(() => rig.incidents.declare({ title: 'Search fails' }, rig.by('ada')));
    expect(own?.thread).toBeNull();
    expect(await db.query('SELECT DISTINCT status, last_error FROM alert_messages')).toEqual([
      { status: 'sent', last_error: null },
    ]);
  } finally {
    await slack.stop();
  }
});
