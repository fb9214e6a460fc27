import { afterAll, beforeAll, expect, test } from 'vitest';
import { FakeClock } from '../../src/lib/clock.ts';
import { createNotifiers } from '../../src/respond/notify/index.ts';
import { AlertRig, configOf, START } from '../support/alert-rig.ts';
import type { StrictVendor } from '../support/strict-vendor.ts';
import { alertmanagerReceiver } from '../support/vendors/alertmanager-receiver.ts';
import { DISCORD_PATH, discordServer } from '../support/vendors/discord.ts';
import { NTFY_TOKEN, ntfyServer } from '../support/vendors/ntfy.ts';
import { GENIE_KEY, opsgenieServer } from '../support/vendors/opsgenie.ts';
import { pagerdutyServer, ROUTING_KEY } from '../support/vendors/pagerduty.ts';
import { TEAMS_PATH, teamsServer } from '../support/vendors/teams.ts';
import { BOT_TOKEN, telegramServer } from '../support/vendors/telegram.ts';

const STARTS = {
  pagerduty: pagerdutyServer,
  opsgenie: opsgenieServer,
  teams: teamsServer,
  discord: discordServer,
  telegram: telegramServer,
  ntfy: ntfyServer,
  webhook: alertmanagerReceiver,
};
const CHANNELS = Object.keys(STARTS) as (keyof typeof STARTS)[];

let vendors: Record<keyof typeof STARTS, StrictVendor>;

beforeAll(async () => {
  const started = await Promise.all(CHANNELS.map(async (name) => [name, await STARTS[name]()] as const));
  vendors = Object.fromEntries(started) as typeof vendors;
});

afterAll(() => Promise.all(Object.values(vendors).map((vendor) => vendor.stop())));

test('a rule that names them all tells every vendor of its alert and of its end', async () => {
  const { pagerduty, opsgenie, teams, discord, telegram, ntfy, webhook } = vendors;
  const config = configOf(`
  pagerduty: {ops: {key: ${ROUTING_KEY}, url: "${pagerduty.base}"}}
  opsgenie: {ops: {key: ${GENIE_KEY}, url: "${opsgenie.base}"}}
  teams: {ops: "${teams.base}${TEAMS_PATH}"}
  discord: {ops: "${discord.base}${DISCORD_PATH}"}
  telegram: {ops: {token: "${BOT_TOKEN}", chat: -1001234, url: "${telegram.base}"}}
  ntfy: {ops: {topic: yumzoom, token: ${NTFY_TOKEN}, url: "${ntfy.base}"}}
  webhook: [{name: ops, url: "${webhook.base}", format: alertmanager}]
alert_rules:
  - name: Load
    condition: "last_load > 5"
    time_window: 30s
    severity: critical
    eval_interval: 15s
    notifications: [${CHANNELS.map((channel) => `{${channel}: ops}`).join(', ')}]
`);
  const clock = new FakeClock(START);
  const rig = new AlertRig(config, { clock, notifiers: () => createNotifiers(config.integrations, clock) });
  rig.gauge('load', 0, 60, 15, 9);
  rig.gauge('load', 75, 900, 15, 1);
  await rig.until(30);
  for (const channel of CHANNELS) expect(vendors[channel].accepted, channel).toHaveLength(1);
  expect(JSON.parse(pagerduty.accepted[0]?.body ?? '')).toMatchObject({ event_action: 'trigger' });
  await rig.until(600);
  for (const channel of CHANNELS) expect(vendors[channel].accepted, channel).toHaveLength(2);
  const [trigger, resolve] = pagerduty.accepted.map(({ body }) => JSON.parse(body));
  expect(resolve).toEqual({ routing_key: ROUTING_KEY, event_action: 'resolve', dedup_key: trigger.dedup_key });
  expect(opsgenie.accepted[1]?.path).toMatch(/\/close$/);
  expect(JSON.parse(webhook.accepted[1]?.body ?? '')).toMatchObject({ status: 'resolved' });
  expect(Object.values(vendors).flatMap(({ requests, accepted }) => requests.length - accepted.length)).toEqual(
    CHANNELS.map(() => 0),
  );
});
