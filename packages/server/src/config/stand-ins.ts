import type { RawIntegrations } from '../respond/notify/config.ts';

const BASE = 'http://127.0.0.1:9';

/** A value for every variable of the environment that is not set: a simulation calls nobody. */
export function standInEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string | undefined>> {
  return new Proxy(env, { get: (known, name) => known[String(name)] || `${BASE}/${String(name)}` });
}

/** `receivers:` of a scenario: named receivers by channel. */
export type RawReceivers = Readonly<Record<string, readonly StandInReceiver[]>>;

export interface StandInReceiver {
  name: string;
  timeout?: number | string | undefined;
  send_resolved?: boolean | undefined;
}

/** Channels whose receivers are named. Slack, e-mail and numbers are addresses. */
export const NAMED_CHANNELS = ['webhook', 'pagerduty', 'opsgenie', 'teams', 'discord', 'telegram', 'ntfy'] as const;

/** The same integrations with nothing behind them, all set up: Slack, mail, SMS and calls can be used at once. */
export function standInIntegrations(written: RawIntegrations, receivers: RawReceivers): RawIntegrations {
  const channel = written.slack?.channel;
  const named = (key: string, known: object | undefined) => [
    ...Object.keys(known ?? {}),
    ...(receivers[key] ?? []).map(({ name }) => name),
  ];
  const each = <Value>(key: string, known: object | undefined, value: Value) =>
    Object.fromEntries(named(key, known).map((name) => [name, value]));
  return {
    slack: { webhook: `${BASE}/slack`, ...(channel !== undefined && { channel }) },
    smtp: { url: 'smtp://127.0.0.1:9', from: written.smtp?.from ?? 'ops@example.com' },
    twilio: { account_sid: 'AC0', auth_token: 'simulated', from: '+442071838750' },
    webhook: [...(written.webhook ?? []), ...(receivers.webhook ?? [])].map(({ name, timeout, send_resolved }) => ({
      ...{ name, url: `${BASE}/webhook` },
      ...(timeout !== undefined && { timeout }),
      ...(send_resolved !== undefined && { send_resolved }),
    })),
    pagerduty: each('pagerduty', written.pagerduty, 'simulated'),
    opsgenie: each('opsgenie', written.opsgenie, 'simulated'),
    teams: each('teams', written.teams, `${BASE}/teams`),
    discord: each('discord', written.discord, `${BASE}/discord`),
    telegram: each('telegram', written.telegram, { token: 'simulated', chat: '@simulated' }),
    ntfy: each('ntfy', written.ntfy, { topic: 'simulated' }),
  };
}
