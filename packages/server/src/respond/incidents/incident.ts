import type { IncidentRole, IncidentSeverity, IncidentStatus, IncidentTimes } from '@yumops/protocol';
import { YumOpsError } from '../../lib/errors.ts';
import type { Labels } from '../alerting/index.ts';

/** Who acts when nobody does. */
export const PLATFORM = 'yumops';

/** Something that went wrong, from the fault to the lesson. Times in ms since the epoch. */
export interface Incident {
  id: string;
  number: number;
  title: string;
  summary: string;
  severity: IncidentSeverity;
  status: IncidentStatus;
  drill: boolean;
  source: 'alert' | 'hand' | 'platform';
  /** A declaration with the key of an open incident joins it; null = it never does. */
  key: string | null;
  labels: Labels;
  runbook: string | null;
  roles: Readonly<Partial<Record<IncidentRole, string>>>;
  declaredBy: string;
  /** When the fault began. */
  startedAt: number;
  detectedAt: number;
  declaredAt: number;
  acknowledgedAt: number | null;
  acknowledgedBy: string | null;
  /** Since when it does no more harm. */
  mitigatedAt: number | null;
  resolvedAt: number | null;
  reopened: number;
  /** The last change of status. */
  movedAt: number;
}

/** A change of status that somebody asks for. */
export interface StatusMove {
  status: IncidentStatus;
  /** When it came about, ms since the epoch. */
  at: number;
  by: string;
}

const ENDED: ReadonlySet<IncidentStatus> = new Set(['resolved', 'closed', 'cancelled']);

/** Whether somebody still works on it. */
export function isOpen({ status }: Pick<Incident, 'status'>): boolean {
  return !ENDED.has(status);
}

/** When it was over, ms since the epoch; null = it is open. */
export function endOf({
  status,
  resolvedAt,
  movedAt,
}: Pick<Incident, 'status' | 'resolvedAt' | 'movedAt'>): number | null {
  return isOpen({ status }) ? null : (resolvedAt ?? movedAt);
}

/**
 * The incident after a change of status. Times are in order: none lies before the change before it, none in the future.
 * @throws YumOpsError `incident_status` (409), `incident_time` (400)
 */
export function moveStatus(incident: Incident, move: StatusMove, now: number): Incident {
  refuseMove(incident, move);
  if (move.at > now || move.at < incident.movedAt) {
    const earliest = new Date(incident.movedAt).toISOString();
    throw new YumOpsError(
      'incident_time',
      `${new Date(move.at).toISOString()} is not between the last change and now.`,
      {
        hint: `Give a time from ${earliest} on, or none for now.`,
        status: 400,
      },
    );
  }
  const next = { ...incident, status: move.status, movedAt: move.at };
  return ENDED.has(move.status) ? ended(next, move) : stillOpen(incident, next, move);
}

function refuseMove({ status, number }: Incident, move: StatusMove): void {
  const refuse = (message: string, hint: string) => {
    throw new YumOpsError('incident_status', message, { hint, status: 409 });
  };
  if (status === move.status) refuse(`Incident ${number} is ${status} already.`, 'Add a comment instead.');
  if (move.status === 'closed' && status !== 'resolved') {
    refuse(`Incident ${number} is ${status}: only a resolved one can be closed.`, 'Resolve it first, or cancel it.');
  }
  if (move.status === 'cancelled' && ENDED.has(status)) {
    refuse(`Incident ${number} is ${status} already.`, 'Only an open one can be cancelled.');
  }
  if (move.status === 'resolved' && ENDED.has(status)) {
    refuse(`Incident ${number} is ${status} already.`, 'Reopen it by moving it to investigating.');
  }
}

function ended(next: Incident, { status, at }: StatusMove): Incident {
  if (status !== 'resolved') return next;
  return { ...next, resolvedAt: at, mitigatedAt: next.mitigatedAt ?? at };
}

function stillOpen(before: Incident, next: Incident, { status, at, by }: StatusMove): Incident {
  const again = ENDED.has(before.status);
  const back = before.status === 'monitoring' && status !== 'monitoring';
  const opened = again
    ? { ...next, reopened: next.reopened + 1, resolvedAt: null, mitigatedAt: null }
    : back
      ? { ...next, mitigatedAt: null }
      : next;
  const taken = by === PLATFORM ? opened : acknowledge(opened, by, at);
  return status === 'monitoring' ? { ...taken, mitigatedAt: taken.mitigatedAt ?? at } : taken;
}

/** Somebody has it; the first counts. */
export function acknowledge(incident: Incident, by: string, at: number): Incident {
  if (incident.acknowledgedAt !== null && incident.acknowledgedAt <= at) return incident;
  return { ...incident, acknowledgedAt: Math.max(at, incident.detectedAt), acknowledgedBy: by };
}

/**
 * How long each part took. Detection, mitigation and end count from the fault, the acknowledgement from the detection.
 * An end before the acknowledgement means that nobody had to take it.
 */
export function timesOf(incident: Incident): IncidentTimes {
  const { startedAt, detectedAt, acknowledgedAt, mitigatedAt, resolvedAt } = incident;
  const since = (from: number, to: number | null) => (to === null ? null : Math.max(0, to - from));
  return {
    detect: since(startedAt, detectedAt),
    acknowledge: since(detectedAt, acknowledgedAt),
    mitigate: since(startedAt, mitigatedAt),
    resolve: since(startedAt, resolvedAt),
  };
}
