import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FakeClock } from '../../src/lib/clock.ts';
import { Secret } from '../../src/lib/secret.ts';
import { AlertPages } from '../../src/respond/alerting/index.ts';
import { storedBuckets } from '../../src/respond/alerting/state/bucket-query.ts';
import { PostgresAlertStore } from '../../src/respond/alerting/state/postgres.ts';
import { createNotifiers, NO_INTEGRATIONS } from '../../src/respond/notify/index.ts';
import { AlertRig, configOf } from '../support/alert-rig.ts';
import { type StateServer, startStateServer } from '../support/state-server.ts';
import { startTelemetryServer, type TelemetryServer } from '../support/telemetry-server.ts';
import { type HttpVendor, type MailVendor, mailServer, slackServer, webhookServer } from '../support/vendor-servers.ts';

const RULE = `
alert_rules:
  - name: High Error Rate
    condition: "error_rate > 5%"
    time_window: 30 seconds
    severity: critical
    eval_interval: 15s
    keep_firing_for: 30s
    notifications: [{slack: "#alerts"}, {email: [devops@yumzoom.com]}, {webhook: ops}]
`;

let state: StateServer;
let store: TelemetryServer;
let slack: HttpVendor;
let mail: MailVendor;

beforeAll(async () => {
  [state, store, slack, mail] = await Promise.all([
    startStateServer(),
    startTelemetryServer(),
    slackServer(),
    mailServer(),
  ]);
});

afterAll(async () => {
  await Promise.all([state.stop(), store.stop(), slack.stop(), mail.stop()]);
});

test('5xx burst: from rows in the store to Slack, mail and a signed webhook, and back to resolved', async () => {
  const start = Math.floor(Date.now() / 60_000) * 60_000 - 1_800_000;
  const clock = new FakeClock(start);
  const hook = await webhookServer('s3cret', () => clock.now());
  const base = configOf(`  webhook: [{name: ops, url: "${hook.url}", secret: s3cret}]\n${RULE}`);
  const config = {
    ...base,
    integrations: {
      ...NO_INTEGRATIONS,
      slack: { webhook: new Secret(slack.url), channel: null, fixedChannel: false, broken: null },
      smtp: { url: new Secret(mail.url), from: 'ops@yumzoom.com', broken: null },
      webhooks: base.integrations.webhooks,
    },
  };
  const { db } = await state.database();
  const buckets = storedBuckets(store.telemetry);
  const rig = new AlertRig(config, {
    clock,
    store: new PostgresAlertStore(db, async () => clock.now()),
    buckets,
    notifiers: () => createNotifiers(config.integrations, clock),
  });
  const rows = Array.from({ length: 2_000 }, (_, index) => ({
    ...{
      project: '1',
      service: 'api',
      environment: 'production',
      endpoint: '/api/search',
      method: 'GET',
      duration: 80,
    },
    timestamp: start + index * 100,
    statusCode: index >= 400 && index < 1_000 && index % 5 < 3 ? 500 : 200,
    dedupKey: `r${index}`,
  }));
  await store.insert('request_rows', rows);
  await rig.until(200);

  const titles = slack.accepted.map(({ text }) => text as string);
  expect(titles).toHaveLength(2);
  expect(titles[0]).toMatch(
    /^🔴 Firing: High Error Rate: \d+(\.\d+)? % of 300 requests failed in the last 30 s \(limit 5 %\), service api/,
  );
  expect(titles[1]).toMatch(/^🟢 Resolved: High Error Rate: 0 % of 300 requests failed/);
  expect(mail.mails.map(({ to, subject }) => `${to} ${subject.split(':')[0]}`)).toEqual([
    'devops@yumzoom.com [CRITICAL] Firing',
    'devops@yumzoom.com [CRITICAL] Resolved',
  ]);
  expect(hook.accepted.map(({ kind }) => kind)).toEqual(['firing', 'resolved']);

  const pages = new AlertPages(db, buckets, config, () => clock.now());
  const { items } = await pages.alerts(undefined, { limit: 50 });
  expect(items).toMatchObject([
    { rule: 'High Error Rate', state: 'resolved', severity: 'critical', threshold: 5, unit: '%' },
  ]);
  const detail = await pages.alert(items[0]?.id ?? '', clock.now());
  expect(detail.timeline.map(({ kind }) => kind)).toEqual([
    ...['firing', 'queued', 'queued', 'queued', 'delivered', 'delivered', 'delivered'],
    ...['resolved', 'queued', 'queued', 'queued', 'delivered', 'delivered', 'delivered'],
  ]);
  expect(detail.notifications.map(({ channel, kind, status }) => `${channel} ${kind} ${status}`)).toContain(
    'slack firing sent',
  );
  expect(detail.series.filter(([, value]) => value !== null && value > 5).length).toBeGreaterThan(0);
  expect(detail.next).toBeNull();
  expect(await pages.rules()).toMatchObject([
    { name: 'High Error Rate', state: 'inactive', reason: expect.stringContaining('0 % of') },
  ]);
  expect((await pages.notifications({ limit: 4 })).items).toHaveLength(4);
  await hook.stop();
});

test('a budget of the example: a route that became slow for visitors is told by its 75th percentile, and when it is fast again', async () => {
  const start = Math.floor(Date.now() / 60_000) * 60_000 - 3_600_000;
  const budgets = await readFile(
    new URL('../../../../examples/yumzoom/performance-budgets.yml', import.meta.url),
    'utf8',
  );
  const base = configOf(`\n${budgets}`);
  const webhook = new Secret(slack.url);
  const integrations = { ...NO_INTEGRATIONS, slack: { webhook, channel: null, fixedChannel: false, broken: null } };
  const clock = new FakeClock(start);
  const { db } = await state.database();
  const rig = new AlertRig(
    { ...base, integrations },
    {
      clock,
      store: new PostgresAlertStore(db, async () => clock.now()),
      buckets: storedBuckets(store.telemetry),
      notifiers: () => createNotifiers(integrations, clock),
    },
  );
  // A page view every ten seconds and route; for twenty minutes one of four on /menu takes four seconds.
  const view = (n: number, route: string, value: number) => ({
    ...{
      timestamp: start + n * 10_000,
      updatedAt: start + n * 10_000,
      id: `${route}-${n}`,
      project: '1',
      service: 'web',
    },
    ...{ name: 'LCP', value, rating: 'good', route, url: route, device: 'mobile', sessionId: 's' },
  });
  const isSlow = (n: number) => n >= 60 && n < 180 && n % 4 < 2;
  const views = Array.from({ length: 360 }, (_, n) => [
    view(n, '/menu', isSlow(n) ? 4_000 : 1_200),
    view(n, '/about', n % 5 === 0 ? 4_000 : 1_200),
  ]);
  await store.insert('web_vital_rows', views.flat());
  const before = slack.accepted.length;
  await rig.until(3_500);
  const titles = slack.accepted.slice(before).map(({ text }) => text as string);
  expect(titles).toHaveLength(2);
  expect(titles[0]).toMatch(
    /^🟠 Firing: LCP budget: largest contentful paint is 3,9\d\d ms over \d+ samples .*route \/menu/,
  );
  expect(titles[1]).toMatch(/^🟢 Resolved: LCP budget: .*route \/menu/);
});
