import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { changesBetween, needRestart, partsOf } from './changes.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'yumops-changes-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function parts(name: string, ...texts: string[]) {
  return partsOf(
    texts.map((text, index) => {
      const file = join(folder, `${name}${index}.yml`);
      writeFileSync(file, text);
      return file;
    }),
  );
}

const RULE = '{name: Errors, condition: "error_rate > 5%", time_window: 5m, severity: critical}';

test('items are compared by their names, whatever file they stand in', () => {
  const before = parts('a', `service: shop\nalert_rules: [${RULE}, {name: Old, severity: info}]\n`);
  const after = parts('b', `service: shop\n`, `alert_rules:\n  - {name: New}\n  - ${RULE.replace('5%', '4%')}\n`);
  expect(changesBetween(before, after)).toEqual([
    {
      action: 'change',
      section: 'alert_rules',
      name: 'Errors',
      keys: [{ key: 'condition', before: 'error_rate > 5%', after: 'error_rate > 4%' }],
    },
    { action: 'add', section: 'alert_rules', name: 'New', keys: [] },
    { action: 'remove', section: 'alert_rules', name: 'Old', keys: [] },
  ]);
});

test('the same in another order and layout is no change', () => {
  const before = parts(
    'a',
    'include: [x.yml]\nretention: {logs: 30d, spans: 7d}\nmonitors: [{name: A, url: u}, {name: B}]\n',
  );
  const after = parts('b', 'monitors:\n  - name: B\n  - {url: u, name: A}\n', 'retention:\n  spans: 7d\n  logs: 30d\n');
  expect(changesBetween(before, after)).toEqual([]);
});

test('keys of maps and single values are told by themselves', () => {
  const before = parts('a', 'service: shop\nstores: {state: embedded}\ngrouping: {group_interval: 5m}\n');
  const after = parts('b', 'service: store\nstores: {state: "postgres://db/yumops"}\ngrouping: {group_interval: 5m}\n');
  const changes = changesBetween(before, after);
  expect(changes.map(({ section, name, keys }) => [section, name, keys[0]?.before, keys[0]?.after])).toEqual([
    ['service', null, 'shop', 'store'],
    ['stores', 'state', 'embedded', 'postgres://db/yumops'],
  ]);
  expect(needRestart(changes)).toEqual(['stores']);
});

test('no secret is told', () => {
  const text = (secret: string) => `
integrations: {slack: {webhook: "https://hooks.slack.com/services/${secret}", bot_token: "${secret}"}, pagerduty: {primary: "${secret}"}, webhook: [{name: a, url: "https://a.example/${secret}"}]}
alert_settings: {slack_webhook: "https://hooks.slack.com/services/${secret}"}
backups: [{name: main, key: "${secret}"}]
databases: [{name: main, url: "postgres://app:${secret}@db/app"}]
monitors: [{name: A, url: u, auth: {bearer: "${secret}", basic: {password: "${secret}"}}}]
inhibit_rules: [{source: ["a=b"], token: "${secret}"}]
`;
  const told = JSON.stringify(changesBetween(parts('a', text('hunter2-before')), parts('b', text('hunter2-after'))));
  expect(told).toContain('postgres://***@db/app');
  expect(told).not.toContain('hunter2');
});
