import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { type SimulationReport, simulate } from '../respond/simulate/index.ts';
import { loadScenario } from './index.ts';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const FOLDERS = [`${ROOT}testdata/scenarios`, `${ROOT}examples/yumzoom/monitoring`];
const FILES = FOLDERS.flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.scenario.yml'))
    .map((name) => join(folder, name)),
);

const numbered = (letter: string, last: number) => Array.from({ length: last }, (_, index) => `${letter}${index + 1}`);
/** The timelines by which the alert path is judged, each with a scenario or more. */
const PROMISED = [
  ...numbered('A', 12),
  ...numbered('X', 8),
  ...numbered('B', 5),
  ...numbered('S', 11),
  ...numbered('D', 1),
  ...numbered('L', 4),
  'deduplication,',
];

const folder = mkdtempSync(join(tmpdir(), 'yumops-scenario-'));

afterAll(() => rmSync(folder, { recursive: true }));

function load(yaml: string) {
  writeFileSync(join(folder, 'a.scenario.yml'), yaml);
  return loadScenario('a.scenario.yml', { env: {}, cwd: folder });
}

async function run(yaml: string): Promise<SimulationReport> {
  const { scenario, findings } = load(yaml);
  if (!scenario) throw new Error(JSON.stringify(findings));
  return simulate(scenario);
}

describe('the scenarios of the repository', () => {
  const loaded = new Map(FILES.map((file) => [file, loadScenario(file, { env: {} })]));

  test('there are some in either place', () => {
    for (const place of FOLDERS) expect(FILES.some((file) => file.startsWith(place))).toBe(true);
  });

  test.each([...loaded].map(([file, found]) => ({ name: file.slice(ROOT.length), ...found })))(
    '$name',
    async ({ scenario, findings }) => {
      expect(findings).toEqual([]);
      expect((await simulate(scenario as NonNullable<typeof scenario>)).failures).toEqual([]);
    },
  );

  test.each(PROMISED)('timeline %s has one', (id) => {
    const named = [...loaded.values()].filter(({ scenario }) => scenario?.name.startsWith(`${id} `));
    expect(named).not.toEqual([]);
  });

  test('each can fail: without its input it does, unless it expects nothing', async () => {
    for (const [file, { scenario }] of loaded) {
      if (!scenario || scenario.expect.length === 0) continue;
      expect((await simulate({ ...scenario, input: [], actions: [] })).failures, file).not.toEqual([]);
    }
  }, 300_000);

  test('the example of the guide is as expected', async () => {
    for (const name of ['alert-rules.yml', 'uptime-monitoring.yml']) {
      copyFileSync(`${ROOT}testdata/guide/${name}`, join(folder, name));
    }
    const page = readFileSync(`${ROOT}docs/guide/rule-tests.md`, 'utf8');
    const report = await run(/```yaml\n(.*?)```/s.exec(page)?.[1] ?? '');
    expect(report.failures).toEqual([]);
  });

  test('half an hour of escalation takes less than a second', async () => {
    const { scenario } = loadScenario(`${FOLDERS[0]}/acknowledged.scenario.yml`, { env: {} });
    // Time of the processor: what else runs on this machine is no fault of the simulation.
    const begun = process.cpuUsage();
    const report = await simulate({ ...(scenario as NonNullable<typeof scenario>), durationMs: 1_800_000 });
    const { user, system } = process.cpuUsage(begun);
    expect((user + system) / 1_000).toBeLessThan(1_000);
    expect(report.notifications.length).toBeGreaterThan(1);
  });
});

const LOAD = `
scenario: load
duration: 60
config:
  alert_settings: {email_notifications: [admin@yumzoom.com]}
  alert_rules: [{name: Load, condition: "last_load > 5", time_window: 30s, severity: warning, notifications: [{slack: "#ops"}]}]
input:
  - {at: 0, until: 60, every: 5, gauge: load, value: 9, labels: {host: a}}
`;

describe('what a scenario says', () => {
  test('a missing message, one too many, and a wrong state are failures', async () => {
    const { failures } = await run(`${LOAD}
exact: true
expect:
  - {at: 20, within: 5, channel: slack, target: "#ops", kind: firing}
  - {at: 0, state: resolved, rule: Load}
`);
    expect(failures).toEqual([
      'expected at 20 s (± 5 s) slack #ops firing; the nearest is slack #ops firing of "Load" at 10 s, answered 200',
      'expected at 0 s "Load" to become resolved; it did not come',
      'unexpected: at 10 s slack #ops firing of "Load"',
    ]);
  });

  test('a message is shown with its alerts and what the receiver answered', async () => {
    const { notifications, states } = await run(LOAD);
    expect(notifications).toEqual([
      {
        ...{ t: 10, channel: 'slack', target: '#ops', kind: 'firing', step: 0, rule: 'Load', attempt: 1, answer: 200 },
        key: expect.stringMatching(/^[0-9a-f]{16}:1:0:slack\/#ops:firing$/),
        alerts: [
          { name: 'Load', labels: { alertname: 'Load' }, status: 'firing', starts: 0, ends: null, annotations: {} },
        ],
        reason: 'first notification',
      },
    ]);
    expect(states).toMatchObject([{ t: 0, rule: 'Load', labels: {}, from: 'inactive', to: 'firing' }]);
  });

  test('evaluations count from the start, whatever the instant and the interval', async () => {
    const odd = LOAD.replace('duration: 60', 'duration: 60\nstart: 2026-01-05T10:00:03.500Z\neval_interval: 7s');
    const { states } = await run(odd.replace('at: 0, until', 'at: 1, until'));
    expect(states.map(({ t, to }) => [t, to])).toEqual([[7, 'firing']]);
  });

  test('a receiver that answers too late has taken the message; one that never answers has not', async () => {
    const late = await run(`${LOAD}
do: [{at: 0, receiver: {channel: slack, target: "#ops", delay: 12, until: 15}}]
`);
    expect(late.notifications.map(({ t, attempt, answer }) => [t, attempt, answer])).toMatchObject([
      [10, 1, 200],
      [expect.any(Number), 2, 200],
    ]);
    const never = await run(`${LOAD}
do: [{at: 0, receiver: {channel: slack, answer: timeout, until: 15}}]
`);
    expect(never.notifications.map(({ answer }) => answer)).toEqual(['timeout', 200]);
  });

  test('an acknowledgement is listed; one of nothing is a failure', async () => {
    const report = await run(`${LOAD}
do:
  - {at: 20, ack: {rule: Load, by: oncall-1, via: slack}}
  - {at: 21, ack: {rule: Nothing, by: oncall-1}}
`);
    expect(report.acks).toEqual([{ t: 20, rule: 'Load', by: 'oncall-1', via: 'slack' }]);
    expect(report.failures).toEqual(['at 21 s no alert of "Nothing" fires, so oncall-1 cannot acknowledge it']);
  });

  test('a silence that ends early lets go of what still fires', async () => {
    const { notifications, failures } = await run(`${LOAD}
do:
  - {at: 1, silence: {id: s, matchers: ["alertname=Load"], from: 2, to: 55}}
  - {at: 40, unsilence: s}
  - {at: 41, unsilence: other}
`);
    expect(notifications.map(({ t, kind }) => [t, kind])).toEqual([[40, 'firing']]);
    expect(failures).toEqual(['at 41 s there is no silence "other"']);
  });

  test('a reload without the rule ends its alert', async () => {
    const { notifications } = await run(`${LOAD}
do: [{at: 30, reload: {alert_rules: []}}]
`);
    expect(notifications.map(({ t, kind }) => [t, kind])).toEqual([
      [10, 'firing'],
      [30, 'resolved'],
    ]);
  });
});

describe('a scenario that cannot run', () => {
  const REFUSED: [title: string, yaml: string, finding: string][] = [
    ['a key that is not known', `${LOAD}\nexpected: []`, '10:1 E101 unknown key "expected"'],
    ['an input without a kind', LOAD.replace('gauge: load, value: 9', 'gauges: load'), '8:5 E103 an item of "input"'],
    ['an offset that is none', LOAD.replace('at: 0', 'at: soon'), '8:10 E103 "soon" is not an offset'],
    ['a rule that is wrong', LOAD.replace('> 5', '>> 5'), '6:53 E104'],
    ['a span without a step', LOAD.replace(' every: 5,', ''), '8:13 E103 "until" needs "every"'],
    ['an alert without labels', `${LOAD}  - {at: 1, alert: {annotations: {}}}`, '9:20 E103 "labels" is missing'],
    ['a condition that is none', `${LOAD}do: [{at: 1, silence: {id: a, matchers: [x]}}]`, '9:42 E103 "x" is not a'],
    ['a file that is not there', LOAD.replace('config:', 'files: [none.yml]\nconfig:'), '4:8 E113 none.yml cannot'],
    ['a monitor that does not exist', `${LOAD}  - {at: 1, check: {monitor: A, ok: true}}`, '9:30 E103 there is no'],
  ];

  test.each(REFUSED)('%s', (_title, yaml, expected) => {
    const { scenario, findings } = load(yaml);
    expect(scenario).toBeUndefined();
    const texts = findings.map(({ line, col, code, message }) => `${line}:${col} ${code} ${message}`);
    expect(texts).toEqual([expect.stringContaining(expected)]);
  });

  test('the configuration beside it does not take it for one of its files', () => {
    const names = readdirSync(FOLDERS[1] as string);
    expect(names).toContain('high-error-rate.scenario.yml');
    expect(readFileSync(`${ROOT}examples/yumzoom/yumops.yml`, 'utf8')).toContain('monitoring/*.yml');
  });
});
