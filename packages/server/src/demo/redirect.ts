import type { Config } from '../config/index.ts';
import { Secret } from '../lib/secret.ts';
import { NO_INTEGRATIONS } from '../respond/notify/index.ts';
import type { DemoInbox } from './inbox.ts';

const FROM = 'yumops@localhost';

/** The channels that the demo inbox stands in for. */
const TAKEN: ReadonlySet<string> = new Set(['slack', 'email']);

interface Receiver {
  channel: string;
  broken: string | null;
}

/**
 * The same configuration with every message going to the demo inbox: Slack and e-mail are replaced, whatever they were
 * set to, and signed webhooks are left out. Nothing that it names outside of this machine is ever called.
 */
export function redirectToInbox(config: Config, inbox: Pick<DemoInbox, 'slackUrl' | 'smtpUrl'>): Config {
  const { alertSettings } = config;
  return {
    ...config,
    integrations: {
      ...NO_INTEGRATIONS,
      slack: { webhook: new Secret(inbox.slackUrl), channel: null, fixedChannel: false, broken: null },
      smtp: { url: new Secret(inbox.smtpUrl), from: config.integrations.smtp?.from ?? FROM, broken: null },
    },
    rules: config.rules.map((rule) => ({ ...rule, notifications: rule.notifications.map(mended) })),
    monitors: config.monitors.map((monitor) => ({ ...monitor, notifications: monitor.notifications.map(mended) })),
    alertSettings: { ...alertSettings, email: alertSettings.email.map(mended) },
    incidents: { ...config.incidents, notify: config.incidents.notify.map(mended) },
  };
}

/** What was broken for want of an integration works now. */
function mended<R extends Receiver>(receiver: R): R {
  return TAKEN.has(receiver.channel) ? { ...receiver, broken: null } : receiver;
}
