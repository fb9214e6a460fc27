import type { AlertSubject, Episode } from '../episode.ts';
import type { Claimed, Message, TimelineEntry, Timer } from '../group/state.ts';
import type { Instance } from '../instance.ts';
import type { RuleStatus } from '../ports.ts';

/** A row of the state store: names in snake_case, times as `Date`. */
export type Row = Record<string, unknown>;

const time = (ms: number | null) => (ms === null ? null : new Date(ms));
const ms = (value: unknown) => (value as Date).getTime();
const msOrNull = (value: unknown) => (value === null ? null : ms(value));

export function instanceToRow(instance: Instance): Row {
  return {
    fingerprint: instance.fingerprint,
    rule_id: instance.ruleId,
    labels: instance.labels,
    state: instance.state,
    since: time(instance.since),
    active_at: time(instance.activeAt),
    clear_since: time(instance.clearSince),
    starved_since: time(instance.starvedSince),
    episode: instance.episode,
    round: instance.round,
    open: instance.open,
    resolved_at: time(instance.resolvedAt),
    silent_since: time(instance.silentSince),
    value: instance.value,
    sample: instance.sample,
    reason: instance.reason,
    flips: instance.flips,
  };
}

export function instanceFromRow(row: Row): Instance {
  return {
    fingerprint: row['fingerprint'] as string,
    ruleId: row['rule_id'] as string,
    labels: row['labels'] as Instance['labels'],
    state: row['state'] as Instance['state'],
    since: ms(row['since']),
    activeAt: msOrNull(row['active_at']),
    clearSince: msOrNull(row['clear_since']),
    starvedSince: msOrNull(row['starved_since']),
    episode: row['episode'] as number,
    round: row['round'] as number,
    open: row['open'] as boolean,
    resolvedAt: msOrNull(row['resolved_at']),
    silentSince: msOrNull(row['silent_since']),
    value: row['value'] as number | null,
    sample: row['sample'] as number | null,
    reason: row['reason'] as string,
    flips: row['flips'] as number[],
  };
}

export function statusToRow(status: RuleStatus): Row {
  return {
    rule_id: status.ruleId,
    state: status.state,
    value: status.value,
    sample: status.sample,
    reason: status.reason,
    last_slot: time(status.lastSlot),
    missed_total: status.missedTotal,
    blocked_since: time(status.blockedSince),
  };
}

export function statusFromRow(row: Row): RuleStatus {
  return {
    ruleId: row['rule_id'] as string,
    state: row['state'] as RuleStatus['state'],
    value: row['value'] as number | null,
    sample: row['sample'] as number | null,
    reason: row['reason'] as string,
    lastSlot: msOrNull(row['last_slot']),
    missedTotal: Number(row['missed_total']),
    blockedSince: msOrNull(row['blocked_since']),
  };
}

export function episodeToRow(alert: Episode): Row {
  const { rule, severity, labels, annotations, summary, sentence, query, value, sample, threshold, unit } = alert;
  const { windowMs, runbook, project } = alert;
  const subject: AlertSubject = {
    ...{ rule, severity, labels, annotations, summary, sentence, query },
    ...{ value, sample, threshold, unit, windowMs, runbook },
    ...(project ? { project } : {}),
  };
  return {
    id: alert.id,
    fingerprint: alert.fingerprint,
    episode: alert.episode,
    round: alert.round,
    origin: alert.origin,
    rule_id: alert.ruleId,
    group_key: alert.groupKey,
    state: alert.state,
    subject,
    plan: alert.plan,
    started_at: time(alert.startedAt),
    fired_at: time(alert.firedAt),
    resolved_at: time(alert.resolvedAt),
    resolve_reason: alert.resolveReason,
    last_step: alert.lastStep,
    repeats: alert.repeats,
    ack_by: alert.ack?.by ?? null,
    ack_via: alert.ack?.via ?? null,
    ack_at: time(alert.ack?.at ?? null),
    ack_also: alert.ack?.also ?? [],
    flips: alert.flips,
    flapping_since: time(alert.flappingSince),
    raises: alert.raises,
  };
}

export function episodeFromRow(row: Row): Episode {
  const ackBy = row['ack_by'] as string | null;
  return {
    ...(row['subject'] as AlertSubject),
    id: row['id'] as string,
    fingerprint: row['fingerprint'] as string,
    episode: row['episode'] as number,
    round: row['round'] as number,
    origin: row['origin'] as Episode['origin'],
    ruleId: row['rule_id'] as string,
    groupKey: row['group_key'] as string,
    state: row['state'] as Episode['state'],
    plan: row['plan'] as Episode['plan'],
    startedAt: ms(row['started_at']),
    firedAt: ms(row['fired_at']),
    resolvedAt: msOrNull(row['resolved_at']),
    resolveReason: row['resolve_reason'] as string | null,
    lastStep: row['last_step'] as number,
    repeats: row['repeats'] as number,
    ack:
      ackBy === null
        ? null
        : { by: ackBy, via: row['ack_via'] as string, at: ms(row['ack_at']), also: row['ack_also'] as string[] },
    flips: row['flips'] as number[],
    flappingSince: msOrNull(row['flapping_since']),
    raises: row['raises'] as number,
  };
}

export function timerToRow(timer: Timer, groupKey: string): Row {
  return {
    alert_id: timer.alertId,
    kind: timer.kind,
    step: timer.step,
    group_key: groupKey,
    due_at: time(timer.dueAt),
  };
}

export function timerFromRow(row: Row): Timer {
  return {
    alertId: row['alert_id'] as string,
    kind: row['kind'] as Timer['kind'],
    step: row['step'] as number,
    dueAt: ms(row['due_at']),
  };
}

export function messageToRow(message: Message): Row {
  return {
    id: message.id,
    key: message.key,
    group_key: message.groupKey,
    channel: message.channel,
    target: message.target,
    kind: message.kind,
    step: message.step,
    body: message.body,
    reason: message.reason,
    created_at: time(message.createdAt),
    due_at: time(message.dueAt),
    ...messageProgress(message),
  };
}

/** The columns that change after a message is written. */
export function messageProgress(message: Message): Row {
  return {
    status: message.status,
    attempts: message.attempts,
    last_error: message.lastError,
    next_attempt_at: time(message.nextAttemptAt),
    sent_at: time(message.sentAt),
    maybe_delivered: message.maybeDelivered,
    attempted_at: time(message.attemptedAt),
    uncertain_since: time(message.uncertainSince),
    interruptions: message.interruptions,
    fallback_at: time(message.fallbackAt),
    receipt: message.receipt,
    report: message.report,
    reported_at: time(message.reportedAt),
    bundle: message.bundle,
  };
}

/** @param row with the message's alerts as `alerts`: `[{"id", "key"}]` in their order; null = it is about none */
export function messageFromRow(row: Row): Message {
  return {
    id: row['id'] as string,
    key: row['key'] as string,
    groupKey: row['group_key'] as string,
    channel: row['channel'] as Message['channel'],
    target: row['target'] as string,
    kind: row['kind'] as Message['kind'],
    step: row['step'] as number,
    alerts: (row['alerts'] as Message['alerts'] | null) ?? [],
    status: row['status'] as Message['status'],
    attempts: row['attempts'] as number,
    body: row['body'] as Message['body'],
    reason: row['reason'] as string,
    lastError: row['last_error'] as string | null,
    createdAt: ms(row['created_at']),
    dueAt: ms(row['due_at']),
    nextAttemptAt: ms(row['next_attempt_at']),
    sentAt: msOrNull(row['sent_at']),
    maybeDelivered: row['maybe_delivered'] as boolean,
    attemptedAt: msOrNull(row['attempted_at']),
    uncertainSince: msOrNull(row['uncertain_since']),
    interruptions: row['interruptions'] as number,
    fallbackAt: msOrNull(row['fallback_at']),
    receipt: row['receipt'] as string | null,
    report: row['report'] as string | null,
    reportedAt: msOrNull(row['reported_at']),
    bundle: row['bundle'] as string | null,
  };
}

/** @param row as `messageFromRow`, with the receipt to answer to as `thread` */
export function claimedFromRow(row: Row): Claimed {
  return { ...messageFromRow(row), thread: row['thread'] as string | null };
}

export function timelineToRow(entry: TimelineEntry): Row {
  return {
    alert_id: entry.alertId,
    at: time(entry.at),
    kind: entry.kind,
    from_state: entry.from,
    to_state: entry.to,
    reason: entry.reason,
  };
}
