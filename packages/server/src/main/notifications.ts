import type { FastifyInstance } from 'fastify';
import { audit } from '../access/audit.ts';
import { notificationRoutes } from '../http/notifications.ts';
import { replyRoutes } from '../http/reply.ts';
import { slackRoutes } from '../http/slack.ts';
import { twilioRoutes } from '../http/twilio.ts';
import { opsgenieRoutes, pagerdutyRoutes } from '../http/vendor-deeds.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { type Alerting, alertsOfMessage } from '../respond/alerting/index.ts';
import type { Incidents } from '../respond/incidents/index.ts';
import { createNotifiers, sendTest } from '../respond/notify/index.ts';
import type { Identity } from './identity.ts';
import type { LiveConfig } from './live-config.ts';
import { actionsOf, makeReplies } from './replies.ts';
import type { Stores } from './stores.ts';

export interface NotificationParts {
  live: LiveConfig;
  stores: Stores;
  identity: Identity;
  alerting: Alerting;
  incidents: Incidents;
  clock: Clock;
  log: Log;
  publicUrl: string;
}

/** Registers what vendors call, and the test of a channel. All of it follows the configuration. */
export function registerNotifications(app: FastifyInstance, parts: NotificationParts): void {
  const { live, stores, identity, alerting, clock, publicUrl } = parts;
  const { db } = stores;
  const log = parts.log.child('notify');
  const onReply = makeReplies({
    db,
    config: () => live.current,
    actions: actionsOf(alerting, parts.incidents, () => clock.now()),
  });
  slackRoutes(app, { app: () => live.current.integrations.slack?.app ?? null, onReply, clock, log });
  twilioRoutes(app, {
    account: () => live.current.integrations.twilio,
    onReply,
    onStatus: ({ messageId, status, errorCode }) =>
      alerting.report(messageId, { status, unreached: UNREACHED.has(status), error: errorCode }),
    publicUrl,
  });
  pagerdutyRoutes(app, {
    secrets: () => live.current.integrations.pagerduty.flatMap(({ webhookSecret }) => webhookSecret?.reveal() ?? []),
    onDeed: ({ action, alertId, by }) => alerting[action](alertId, by, 'pagerduty'),
  });
  opsgenieRoutes(app, {
    secrets: () => live.current.integrations.opsgenie.flatMap(({ webhookSecret }) => webhookSecret?.reveal() ?? []),
    onDeed: ({ action, alertId, by }) => alerting[action](alertId, by, 'opsgenie'),
  });
  replyRoutes(app, {
    ring: identity.keyring,
    onReply,
    async alertsOf({ message, to }) {
      return (await alertsOfMessage(db, message, to)).map(({ summary }) => summary);
    },
    clock,
  });
  notificationRoutes(app, {
    guard: identity.guard,
    async sendTest({ channel, target, by }) {
      const notifiers = createNotifiers(live.current.integrations, clock);
      const report = await sendTest(notifiers, { channel, target, by, publicUrl }, clock);
      const { outcome, answer } = report;
      const entry = { at: clock.now(), actor: by, action: 'notification.test', target: `${channel}/${target}` };
      await audit(db, { ...entry, detail: { outcome, answer } });
      return report;
    },
  });
}

/** Ends after which nobody was reached. */
const UNREACHED: ReadonlySet<string> = new Set(['undelivered', 'failed', 'busy', 'no-answer', 'canceled']);
