import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { loadConfig } from './load.ts';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const GUIDE = `${ROOT}testdata/guide`;

// The files are blocks of the guide. A line of uptime-monitoring.yml is 367 lines further down there, a line of
// alert-rules.yml 1143 lines: 41 is the guide's 408, 13 is its 1156.
const FINDINGS = [
  ['alert-rules.yml', 8, 16, 'E208', '"#alerts" is one of 5 channels'],
  ['alert-rules.yml', 13, 16, 'W205', 'a mean hides the slow requests'],
  ['alert-rules.yml', 17, 16, 'E208', '"#performance" is one of 5 channels'],
  ['alert-rules.yml', 34, 16, 'E208', '"#infrastructure" is one of 5 channels'],
  ['alert-rules.yml', 41, 16, 'E208', '"#security" is one of 5 channels'],
  ['alert-rules.yml', 49, 16, 'E208', '"#integrations" is one of 5 channels'],
  ['alert-rules.yml', 53, 3, 'W202', 'policy "high-priority" ends without a repeat'],
  ['alert-rules.yml', 61, 3, 'W202', 'policy "medium-priority" ends without a repeat'],
  ['alert-rules.yml', 61, 3, 'W203', 'nothing refers to policy "medium-priority"'],
  ['uptime-monitoring.yml', 16, 22, 'W211', 'a health route may answer 202'],
  ['uptime-monitoring.yml', 37, 7, 'I103', 'E-mail is not set up'],
  ['uptime-monitoring.yml', 37, 7, 'W212', 'mail goes to yumzoom.com while the site is yumzoom.app'],
  ['uptime-monitoring.yml', 41, 7, 'E206', '9 national digits where +1 has 10'],
  ['uptime-monitoring.yml', 43, 18, 'E207', 'this is a placeholder'],
] as const;

test("the guide's two files load unchanged, with exactly the findings they deserve", () => {
  const { config, findings } = loadConfig({ path: GUIDE, env: {}, cwd: GUIDE });
  expect(findings.map(({ file, line, col, code }) => [file, line, col, code])).toEqual(
    FINDINGS.map(([file, line, col, code]) => [file, line, col, code]),
  );
  for (const [index, [, , , , text]] of FINDINGS.entries()) expect(findings[index]?.message).toContain(text);
  expect(config?.monitors).toHaveLength(4);
  expect(config?.rules).toHaveLength(6);
});

test('the rules of the guide compile to their definitions', () => {
  const { config } = loadConfig({ path: GUIDE, env: {} });
  const rows = config?.rules.map((rule) => [
    rule.sentence,
    rule.resolve,
    rule.keepFiringForMs / 1_000,
    rule.evalIntervalMs / 1_000,
    rule.escalation,
    rule.by.join(','),
  ]);
  expect(rows).toEqual([
    [
      'Fires when more than 5 % of at least 100 requests in the last 5 minutes failed.',
      4,
      60,
      30,
      'high-priority',
      'service,environment',
    ],
    [
      'Fires when the mean response time of at least 30 requests in the last 10 minutes is above 2,000 ms.',
      1_800,
      300,
      60,
      null,
      'service,environment',
    ],
    [
      'Fires when the mean use of database connections over the last 2 minutes is above 90 %.',
      85,
      120,
      15,
      'high-priority',
      'database,pool',
    ],
    ['Fires when the mean memory usage over the last 15 minutes is above 85 %.', 80, 300, 60, null, 'instance'],
    ['Fires when there were more than 100 failed sign-ins in the last hour.', 80, 900, 60, null, 'environment'],
    [
      'Fires when more than 10 % of at least 20 calls to an external API in the last 5 minutes failed.',
      8,
      300,
      30,
      null,
      'provider',
    ],
  ]);
});

test('the monitors of the guide have its values', () => {
  const { config } = loadConfig({ path: GUIDE, env: {} });
  const rows = config?.monitors.map((monitor) => [
    monitor.id,
    monitor.intervalMs / 1_000,
    monitor.timeoutMs / 1_000,
    monitor.kind === 'http' && monitor.expectedStatus,
    monitor.kind === 'http' && monitor.followRedirects,
    monitor.retries,
  ]);
  expect(rows).toEqual([
    ['yumzoom-homepage', 60, 30, [200], true, 1],
    ['yumzoom-api-health', 120, 15, [200], true, 1],
    ['yumzoom-search-api', 300, 30, [200], true, 1],
    ['yumzoom-user-dashboard', 180, 20, [200, 302], false, 1],
  ]);
  expect(config?.monitors[1]).toMatchObject({ expectedJson: { status: 'healthy' } });
});

test('the steps of the guide read the words phone and phone_call alike', () => {
  const { config } = loadConfig({ path: GUIDE, env: {} });
  const last = (name: string) => config?.policies.get(name)?.steps.at(-1);
  expect(last('default')).toEqual({ delayMs: 900_000, notify: ['email', 'slack', 'sms', 'phone_call'] });
  expect(last('high-priority')).toEqual({ delayMs: 900_000, notify: ['slack', 'email', 'sms', 'phone_call'] });
});

test('the example uses the same files', () => {
  for (const name of ['alert-rules.yml', 'uptime-monitoring.yml']) {
    expect(readFileSync(`${ROOT}examples/yumzoom/monitoring/${name}`, 'utf8')).toBe(
      readFileSync(`${GUIDE}/${name}`, 'utf8'),
    );
  }
});
