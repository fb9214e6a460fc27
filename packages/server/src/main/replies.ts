import type { Config } from '../config/index.ts';
import type { Db } from '../lib/db.ts';
import { type Alerting, alertsOfMessage, alertsToldTo, type ToldAlert } from '../respond/alerting/index.ts';
import type { Incidents } from '../respond/incidents/index.ts';
import { type OnReply, type Reply, type ReplyAction, type ReplyAnswer, replyCode } from '../respond/notify/index.ts';

export interface ReplyContext {
  db: Db;
  config: () => Pick<Config, 'people'>;
  /** What can be done to an alert from outside. */
  actions: Record<ReplyAction, (alertId: string, by: string, via: string) => Promise<void>>;
}

const DONE: Record<ReplyAction, string> = {
  acknowledge: 'Acknowledged',
  escalate: 'Escalated',
  resolve: 'Resolved',
  declare: 'Declared as an incident',
};

/** The actions that the alert path and incidents offer. */
export function actionsOf(
  alerting: Pick<Alerting, 'acknowledge' | 'escalate' | 'resolve'>,
  incidents: Pick<Incidents, 'declareForAlert'>,
  now: () => number,
): ReplyContext['actions'] {
  return {
    acknowledge: (alertId, by, via) => alerting.acknowledge(alertId, by, via),
    escalate: (alertId, by, via) => alerting.escalate(alertId, by, via),
    resolve: (alertId, by, via) => alerting.resolve(alertId, by, via),
    declare: async (alertId, by) => void (await incidents.declareForAlert(alertId, { actor: by, now: now() })),
  };
}

/** Carries out what people answer by phone, SMS or Slack, for alerts that fire and that they were told of. */
export function makeReplies({ db, config, actions }: ReplyContext): OnReply {
  return async (reply) => {
    const found = await findAlerts(db, reply);
    if ('problem' in found) return { done: false, text: found.problem };
    const act = actions[reply.action];
    const by = nameOf(reply.from, config().people);
    for (const alert of found.alerts) await act(alert.id, by, reply.via);
    return answerOf(reply.action, found.alerts, by);
  };
}

async function findAlerts(db: Db, { alerts, from }: Reply): Promise<{ alerts: ToldAlert[] } | { problem: string }> {
  const phone = 'phone' in from ? from.phone : undefined;
  const to = 'email' in from ? from.email : phone;
  if (alerts !== 'all' && 'message' in alerts) return orOver(await alertsOfMessage(db, alerts.message, to));
  const told = phone === undefined ? [] : await alertsToldTo(db, phone);
  if (alerts === 'all') return orOver(told);
  const meant = told.filter(({ id }) => replyCode(id) === alerts.code);
  if (meant.length > 1) return { problem: `Two alerts have the number ${alerts.code}; use the console.` };
  return orOver(meant);
}

function orOver(alerts: ToldAlert[]): { alerts: ToldAlert[] } | { problem: string } {
  return alerts.length > 0 ? { alerts } : { problem: 'No alert that you were told of fires under this any more.' };
}

function answerOf(action: ReplyAction, alerts: readonly ToldAlert[], by: string): ReplyAnswer {
  const [first] = alerts;
  const what = alerts.length === 1 ? first?.rule : `${alerts.length} alerts`;
  return { done: true, text: `${DONE[action]} by ${by}: ${what}.` };
}

/** The name of a person with this number, address or Slack id, else what the vendor calls them. */
function nameOf(from: Reply['from'], people: Config['people']): string {
  if ('phone' in from) return people.find(({ phone }) => phone?.address === from.phone)?.name ?? from.phone;
  if ('email' in from) return people.find(({ email }) => email?.address === from.email)?.name ?? from.email;
  return people.find(({ slack }) => slack === from.slack)?.name ?? from.name;
}
