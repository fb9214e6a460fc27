import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { formatFindings } from './format.ts';
import { loadConfig } from './load.ts';

/** A reference to a variable of the environment, as it is written. */
const ref = (name: string) => `\${${name}}`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'yumops-config-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

function load(path?: string, env: Record<string, string> = {}) {
  const { config, findings, files } = loadConfig({ path, env, cwd: folder });
  return {
    config,
    files: files.map((file) => file.slice(folder.length + 1)),
    lines: formatFindings(findings).split('\n').slice(0, -1),
  };
}

const MONITOR = 'monitors: [{name: Home, url: "https://example.com/"}]\n';
const RULE = 'alert_rules: [{name: Errors, condition: error_rate > 5%, time_window: 5m, severity: warning}]\n';

describe('which files are read', () => {
  test('nothing at all is a configuration', () => {
    expect(load()).toMatchObject({ files: [], lines: [], config: { service: 'app', monitors: [], rules: [] } });
  });

  test('a folder with monitoring/*.yml needs no yumops.yml', () => {
    write({ 'monitoring/a.yml': MONITOR, 'monitoring/b.yml': RULE, 'docker-compose.yml': 'services: {}\n' });
    expect(load().files).toEqual(['monitoring/a.yml', 'monitoring/b.yml']);
    expect(load('.').config).toMatchObject({ monitors: [{ id: 'home' }], rules: [{ id: 'errors' }] });
  });

  test('a folder of bare files is read when it is named', () => {
    write({ 'a.yml': MONITOR });
    expect(load('.').files).toEqual(['a.yml']);
    expect(load().files).toEqual([]);
  });

  test('include replaces the default and counts from the folder of yumops.yml', () => {
    write({
      'ops/yumops.yml': 'include: [rules/*.yml, one.yml]\n',
      'ops/rules/a.yml': RULE,
      'ops/one.yml': MONITOR,
      'ops/monitoring/x.yml': 'bad: 1\n',
    });
    expect(load('ops').files).toEqual(['ops/yumops.yml', 'ops/rules/a.yml', 'ops/one.yml']);
    expect(load('ops/yumops.yml').files).toEqual(['ops/yumops.yml', 'ops/rules/a.yml', 'ops/one.yml']);
    expect(load('ops').lines).toEqual([]);
  });

  test('another file is read alone', () => {
    write({ 'yumops.yml': 'service: a\n', 'monitoring/a.yml': MONITOR, 'monitoring/b.yml': RULE });
    expect(load('monitoring/a.yml').files).toEqual(['monitoring/a.yml']);
  });

  test('a path that does not exist is wrong use', () => {
    expect(() => load('nowhere')).toThrow(
      expect.objectContaining({ code: 'wrong_use', message: 'There is no file or folder nowhere.' }),
    );
  });
});

describe('several files', () => {
  test('lists are joined, maps are joined by key', () => {
    write({
      'yumops.yml':
        'alert_settings: {email_notifications: ops@example.com}\nintegrations: {smtp: {url: "smtp://localhost:25"}}\n',
      'monitoring/a.yml': `${MONITOR}alert_settings: {sms_notifications: []}\n`,
      'monitoring/b.yml': 'monitors: [{name: API, url: "https://example.com/api"}]\n',
    });
    const { config, lines } = load();
    expect(lines).toEqual([]);
    expect(config?.monitors.map(({ name }) => name)).toEqual(['Home', 'API']);
    expect(config?.alertSettings.email).toEqual([{ channel: 'email', target: 'ops@example.com', broken: null }]);
  });

  test('a key that two files give is refused where it stands again', () => {
    write({
      'yumops.yml': 'service: a\nretention: {logs: 3d}\n',
      'monitoring/a.yml': 'service: b\nretention:\n  logs: 4d\n',
    });
    expect(load().lines).toEqual([
      'monitoring/a.yml:1:1 E102 "service" stands in yumops.yml already — keep it in one file',
      'monitoring/a.yml:3:3 E102 "retention.logs" stands in yumops.yml already — keep it in one file',
    ]);
  });

  test('what another file lacks is not said while a part of it was refused', () => {
    write({
      'monitoring/a.yml': 'escalation_policies: {pager: {repeat: {every: 15m, max: 3}, steps: wrong}}\n',
      'monitoring/b.yml': `${RULE.replace('severity: warning', 'severity: critical, escalation: pager')}`,
    });
    expect(load().lines).toEqual(['monitoring/a.yml:1:68 E103 expected a list, found the text "wrong"']);
  });

  test('an alias points to the file and line of its use', () => {
    write({
      'yumops.yml':
        'monitors:\n  - &home {name: Home, url: "https://example.com/", retrys: 3}\n  - {<<: *home, name: Again}\n',
    });
    expect(load().lines.map((line) => line.split(' ').slice(0, 2))).toEqual([
      ['yumops.yml:2:53', 'E101'],
      ['yumops.yml:3:5', 'E101'],
    ]);
  });
});

describe('variables and secrets', () => {
  const SLACK = `integrations: {slack: {webhook: "${ref('HOOK')}"}}\n`;

  test('a variable is filled in, twice $ stands for itself', () => {
    write({ 'yumops.yml': `service: "${ref('NAME')}-x-$${ref('NAME')}"\n` });
    expect(load(undefined, { NAME: 'shop' }).config?.service).toBe(`shop-x-${ref('NAME')}`);
  });

  test('a missing variable breaks its target alone, and the file loads', () => {
    write({ 'yumops.yml': `${SLACK}${RULE.replace('severity', 'notifications: [{slack: "#a"}], severity')}` });
    const { config, lines } = load();
    expect(lines).toEqual([
      'yumops.yml:1:33 E209 environment variable HOOK is not set — set HOOK for the process, or write file:PATH',
    ]);
    expect(config?.integrations.slack?.broken).toBe('environment variable HOOK is not set');
    expect(config?.rules[0]?.notifications[0]?.broken).toBe('environment variable HOOK is not set');
  });

  test('an empty variable is a missing one', () => {
    write({ 'yumops.yml': SLACK });
    expect(load(undefined, { HOOK: '' }).lines.join()).toMatch(/E209 environment variable HOOK is not set/);
  });

  test('a missing variable breaks a monitor', () => {
    write({
      'yumops.yml': `monitors: [{name: Home, url: "${ref('BASE')}/x"}, {name: API, url: "https://example.com", auth: {bearer: "${ref('TOKEN')}"}}]\n`,
    });
    const { config } = load();
    expect(config?.monitors.map(({ broken }) => broken)).toEqual([
      'environment variable BASE is not set',
      'environment variable TOKEN is not set',
    ]);
    expect(
      load(undefined, { BASE: 'https://example.com', TOKEN: 'abc' }).config?.monitors.map(({ broken }) => broken),
    ).toEqual([null, null]);
  });

  test('file: counts from the configuration and loses its last line break', () => {
    write({
      'ops/yumops.yml': 'integrations: {slack: {webhook: "file:keys/slack"}}\n',
      'ops/keys/slack': 'https://hooks.slack.com/services/T/B/c\n',
    });
    const slack = load('ops').config?.integrations.slack;
    expect(slack?.webhook?.reveal()).toBe('https://hooks.slack.com/services/T/B/c');
    expect(slack).toMatchObject({ broken: null, fixedChannel: true });
  });

  test('a secret prints masked, however it is printed', () => {
    write({ 'yumops.yml': SLACK });
    const { config } = load(undefined, { HOOK: 'https://hooks.slack.com/services/T/B/hidden' });
    expect(
      `${inspect(config, { depth: 9 })}${JSON.stringify(config)}${config?.integrations.slack?.webhook}`,
    ).not.toContain('hidden');
  });

  test('a wrong secret address is refused without being printed', () => {
    write({ 'yumops.yml': SLACK });
    expect(load(undefined, { HOOK: 'hidden' }).lines.join()).toMatch(/1:33 E103 this is not an address/);
  });

  test('a finding names the variable, not its value', () => {
    write({
      'yumops.yml': `public_url: "${ref('SITE')}"\nmonitors: [{name: Home, url: "x${ref('SITE')}", retries: "${ref('SITE')}"}]\n`,
    });
    const { lines } = load(undefined, { SITE: 'hidden' });
    expect(lines.join()).not.toContain('hidden');
    expect(lines[0]).toBe(`yumops.yml:1:13 E103 "${ref('SITE')}" is not an address — begin with https://`);
  });

  test('integrations.slack wins over alert_settings.slack_webhook', () => {
    write({
      'yumops.yml': `${SLACK}alert_settings: {slack_webhook: "https://hooks.slack.com/services/YOUR/SLACK/WEBHOOK"}\n`,
    });
    const { config, lines } = load(undefined, { HOOK: 'http://127.0.0.1:4600/inbox' });
    expect(lines).toEqual([]);
    expect(config?.integrations.slack?.webhook?.reveal()).toBe('http://127.0.0.1:4600/inbox');
  });
});

describe('targets', () => {
  test('the origin of a monitor is rewritten, the written address stays', () => {
    write({
      'yumops.yml': `${MONITOR.replace('/"', '/a?b=1"')}targets: {"https://example.com": "http://127.0.0.1:3000"}\n`,
    });
    expect(load().config?.monitors[0]).toMatchObject({
      url: 'https://example.com/a?b=1',
      target: 'http://127.0.0.1:3000/a?b=1',
    });
  });
});

test('reference targets are host:port', () => {
  write({ 'yumops.yml': `${MONITOR}uptime: {reference_targets: ["10.0.0.1:53", "[2001:db8::1]:443"]}\n` });
  expect(load().config?.referenceTargets).toEqual(['10.0.0.1:53', '[2001:db8::1]:443']);
  write({ 'yumops.yml': `${MONITOR}uptime: {reference_targets: [10.0.0.1]}\n` });
  expect(load().lines).toEqual([expect.stringContaining('expected host:port')]);
});

test('a large configuration is checked within 300 ms', () => {
  const rules = Array.from(
    { length: 200 },
    (_, i) =>
      `  - {name: Rule ${i}, condition: 'error_rate{endpoint="/${i}"} > 5%', time_window: 5m, severity: warning}\n`,
  );
  write({ 'yumops.yml': `alert_rules:\n${rules.join('')}` });
  // Processor time, so that a busy machine does not matter; the best of three, so that a collection does not either.
  const times = [1, 2, 3].map(() => {
    const before = process.cpuUsage();
    expect(load().lines).toEqual([]);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
  });
  expect(Math.min(...times)).toBeLessThan(300);
});
