import type {
  Alert,
  AlertState,
  AlertTimelineEntry,
  EscalationItem,
  NextStep,
  NotificationItem,
} from '@yumops/protocol';
import type { Episode, OnCallStep } from '../episode.ts';
import { personOf, stepOfRule } from '../group/personal.ts';
import type { Message, Timer } from '../group/state.ts';
import type { Row } from '../state/rows.ts';

const WAITING: ReadonlySet<Message['status']> = new Set(['queued', 'retrying', 'uncertain']);

const iso = (ms: number) => new Date(ms).toISOString();
const isoOrNull = (ms: number | null) => (ms === null ? null : iso(ms));

/** @param mutedBy why nobody is told of it now; null = nothing mutes it */
export function toAlert(episode: Episode, mutedBy: string | null): Alert {
  return {
    id: episode.id,
    rule: episode.rule,
    severity: episode.severity,
    state: episode.state,
    labels: { ...episode.labels },
    summary: episode.summary,
    sentence: episode.sentence,
    value: episode.value,
    threshold: episode.threshold,
    unit: episode.unit,
    startedAt: iso(episode.startedAt),
    resolvedAt: isoOrNull(episode.resolvedAt),
    acknowledgedBy: episode.ack?.by ?? null,
    acknowledgedAt: isoOrNull(episode.ack?.at ?? null),
    mutedBy,
    flappingSince: isoOrNull(episode.flappingSince),
    runbook: episode.runbook,
  };
}

/** @param alertId the alert to name where a message tells of several; default the first */
export function toNotification(message: Message, alertId?: string): NotificationItem {
  return {
    id: message.id,
    alert: alertId ?? message.alerts[0]?.id ?? '',
    rule: message.body.rule,
    channel: message.channel,
    target: message.target,
    kind: message.kind,
    step: message.step,
    status: message.status,
    attempts: message.attempts,
    reason: message.reason,
    lastError: message.lastError,
    createdAt: iso(message.createdAt),
    sentAt: isoOrNull(message.sentAt),
    nextAttemptAt: WAITING.has(message.status) ? iso(message.nextAttemptAt) : null,
    report: message.report,
    reportedAt: isoOrNull(message.reportedAt),
  };
}

export function toTimeline(row: Row): AlertTimelineEntry {
  return {
    at: (row['at'] as Date).toISOString(),
    kind: row['kind'] as string,
    from: row['from_state'] as AlertState | null,
    to: row['to_state'] as AlertState | null,
    reason: row['reason'] as string,
  };
}

/** What happens next if nobody does anything. */
export function nextStep(episode: Episode, timers: readonly Timer[]): NextStep | null {
  const next = timers
    .filter(({ kind }) => kind !== 'resolve' && kind !== 'paging' && kind !== 'flap')
    .sort((a, b) => a.dueAt - b.dueAt)[0];
  if (!next || episode.state !== 'firing') return null;
  const person = personOf(next);
  if (person !== null) {
    return { at: iso(next.dueAt), step: stepOfRule(next), notify: [`${person}, by the next rule of their own`] };
  }
  const step = next.kind === 'step' ? next.step : Math.max(0, episode.lastStep);
  return { at: iso(next.dueAt), step, notify: notifiedBy(episode, step) };
}

/** The steps of its plan: which were sent, and when the others are due. */
export function escalationOf(
  episode: Episode,
  timers: readonly Timer[],
  notifications: readonly NotificationItem[],
): EscalationItem[] {
  return episode.plan.steps.map(({ delayMs }, step) => {
    const item = { step, delay: delayMs / 1_000, notify: notifiedBy(episode, step) };
    const due = timers.find((timer) => timer.kind === 'step' && timer.step === step);
    if (step <= episode.lastStep) {
      const sent = notifications.find((message) => message.step === step && message.kind === 'firing');
      return { ...item, state: 'told', at: sent?.createdAt ?? null };
    }
    return due ? { ...item, state: 'due', at: iso(due.dueAt) } : { ...item, state: 'off', at: null };
  });
}

/** Whom a step tells, as far as that is known before it is sent. */
function notifiedBy(episode: Episode, step: number): string[] {
  const { targets = [], onCall } = episode.plan.steps[step] ?? {};
  const fixed = targets.map(({ channel, target }) => `${channel} ${target}`);
  const turns = (onCall?.channels ?? []).map(({ channel }) => `${channel} ${turnOf(onCall)}`);
  const personal = onCall?.personal ? [`${turnOf(onCall)}, by their own rules`] : [];
  return [...fixed, ...turns, ...personal];
}

function turnOf(onCall: OnCallStep | undefined): string {
  const { schedule = null, people = [] } = onCall ?? {};
  return [...people, ...(schedule === null ? [] : [`whoever is on call in ${schedule}`])].join(', ');
}
