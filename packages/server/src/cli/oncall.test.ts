import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from 'citty';
import fastify from 'fastify';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { configurationRoutes } from '../http/configuration.ts';
import { oncall } from './oncall.ts';

let folder: string;
let output: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'yumops-oncall-'));
  output = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    output += text;
    return true;
  });
});

afterEach(() => rmSync(folder, { recursive: true }));

const CONFIG = `
people: [{name: oncall-1, phone: "+442071838750"}, {name: oncall-2}]
schedules:
  - name: primary
    time_zone: Europe/London
    layers:
      - people: [oncall-1, oncall-2]
        start: 2026-03-22T01:30
        every: {weeks: 1}
    overrides: [{from: 2026-03-25T00:00, to: 2026-03-26T00:00, person: oncall-2}]
`;

async function run(args: string[], config = CONFIG): Promise<unknown> {
  writeFileSync(join(folder, 'yumops.yml'), config);
  return (await runCommand(oncall, { rawArgs: ['--config', folder, '--data', join(folder, 'data'), ...args] })).result;
}

test('the shifts of a range, from the configuration alone', async () => {
  expect(await run(['--from', '2026-03-20T00:00:00Z', '--to', '2026-04-06T00:00:00Z', '--json'])).toBe(0);
  expect(JSON.parse(output)).toEqual({
    shifts: [
      ['oncall-1', '2026-03-22T01:30', '2026-03-25T00:00'],
      ['oncall-2', '2026-03-25T00:00', '2026-03-26T00:00'],
      ['oncall-1', '2026-03-26T00:00', '2026-03-29T01:00'],
      ['oncall-2', '2026-03-29T01:00', '2026-04-05T00:30'],
      ['oncall-1', '2026-04-05T00:30', '2026-04-06T00:00'],
    ].map(([person, start, end]) => ({
      schedule: 'primary',
      person,
      start: `${start}:00.000Z`,
      end: `${end}:00.000Z`,
    })),
  });
});

test('a range as a table, with the times of nobody, in the zone of the schedule', async () => {
  expect(await run(['--from', '2026-03-21', '--to', '2026-03-23 Europe/London'])).toBe(0);
  expect(output).toBe(
    [
      'SCHEDULE  ON CALL   FROM                     TO                       ZONE',
      'primary   nobody    2026-03-21 00:00 +00:00  2026-03-22 01:30 +00:00  Europe/London',
      'primary   oncall-1  2026-03-22 01:30 +00:00  2026-03-23 00:00 +00:00  Europe/London',
      '',
    ].join('\n'),
  );
});

test('any instant, also as a local time that comes twice', async () => {
  expect(await run(['--at', '2026-10-25 01:30 Europe/London'])).toBe(0);
  expect(output).toBe(
    [
      'SCHEDULE  ON CALL   SINCE                    UNTIL                    THEN      ZONE',
      'primary   oncall-2  2026-10-25 01:30 +01:00  2026-11-01 01:30 +00:00  oncall-1  Europe/London',
      '',
    ].join('\n'),
  );
});

test('an instant as JSON has the shift it lies in', async () => {
  expect(await run(['--at', '2026-10-25T00:29:59Z', '--json'])).toBe(0);
  expect(JSON.parse(output)).toMatchObject({
    at: '2026-10-25T00:29:59.000Z',
    items: [{ schedule: 'primary', person: 'oncall-1', next: 'oncall-2' }],
    shifts: [{ person: 'oncall-1', start: '2026-10-18T00:30:00.000Z', end: '2026-10-25T00:30:00.000Z' }],
  });
});

test('nobody at an instant is a problem', async () => {
  expect(await run(['--at', '2026-01-01'])).toBe(1);
  expect(output).toContain('primary   nobody   -      2026-03-22 01:30 +00:00  oncall-1  Europe/London');
});

test('without schedules', async () => {
  expect(await run([], 'service: shop\n')).toBe(1);
  expect(output).toBe('No schedules are configured.\n');
});

test.each([
  [['--at', 'tomorrow'], '--at "tomorrow" is not a time.'],
  [['--from', '2026-01-01'], 'Give either --at, or --from and --to.'],
  [['--from', '2026-01-02', '--to', '2026-01-01'], '--to is not after --from.'],
  [['--from', '2026-01-02', '--to', '9999-01-01'], 'The range is longer than 20 years.'],
  [['--schedule', 'primry'], 'There is no schedule "primry".'],
])('wrong use: %j', async (args, message) => {
  await expect(run(args)).rejects.toMatchObject({ code: 'wrong_use', message });
});

test('without a configuration that is named, the schedules are those that the running platform uses', async () => {
  const file = join(folder, 'yumops.yml');
  writeFileSync(file, CONFIG);
  const app = fastify();
  const report = { root: folder, files: [file], loadedAt: '2026-03-20T00:00:00.000Z', findings: [], refusal: null };
  configurationRoutes(app, { guard: () => async () => undefined, report: () => report });
  app.get('/api/v1/oncall/overrides', async () => ({ items: [] }));
  try {
    const url = await app.listen({ host: '127.0.0.1', port: 0 });
    writeFileSync(join(folder, 'run.json'), JSON.stringify({ pid: process.pid, url, token: 't' }));
    const rawArgs = ['--data', folder, '--at', '2026-03-23T00:00:00Z', '--json'];
    expect((await runCommand(oncall, { rawArgs })).result).toBe(0);
    expect(JSON.parse(output).items).toMatchObject([{ schedule: 'primary', person: 'oncall-1' }]);
  } finally {
    await app.close();
  }
});
