import type { Severity } from '@yumops/protocol';
import type { AlertSubject } from '../episode.ts';
import { fingerprint, type Labels } from '../fingerprint.ts';

/** One installation is one organisation. */
const TENANT = 'default';

/** The rule that every pushed alert is an instance of. */
export const PUSHED_RULE_ID = 'pushed';

/** An alert as a sender gives it: an activity with a start and an end. Times in ms since the epoch. */
export interface Push {
  labels: Labels;
  /** Of the key that it came with, where the labels name none; null = of none. */
  project: string | null;
  annotations: Labels;
  generatorUrl: string | null;
  startsAt: number;
  /** While this lies ahead, it fires. */
  endsAt: number;
  /** The sender gave no end: it holds until nobody has sent the alert for that long. */
  timeout: boolean;
}

/** What is kept of all pushes of one set of labels. */
export interface PushedAlert extends Push {
  fingerprint: string;
  /** When the newest push arrived, and the first of this activity. */
  receivedAt: number;
  firstReceivedAt: number;
  /** Raised by a push that does not overlap with what was known. */
  activity: number;
  /** Raised by each push that changes what is to be told. */
  version: number;
  /** What came of it so far. */
  handled: PushProgress;
}

/** What the alert path has made of a pushed alert. */
export interface PushProgress {
  /** The version that was looked at last; 0 = none. */
  version: number;
  activity: number;
  episode: number;
  round: number;
  /** The episode fires. */
  open: boolean;
  /** When the last episode ended, ms since the epoch. */
  closedAt: number | null;
}

const UNHANDLED: PushProgress = { version: 0, activity: 0, episode: 0, round: 0, open: false, closedAt: null };

/** The identity of a pushed alert: its labels, and the project of its key under a name that no label has. */
export function pushFingerprint({ labels, project }: Pick<Push, 'labels' | 'project'>): string {
  return fingerprint(TENANT, PUSHED_RULE_ID, project === null ? labels : { ...labels, '': project });
}

/** What is known after a push at `now`, ms. @param print the fingerprint of its labels */
export function takePush(before: PushedAlert | undefined, push: Push, print: string, now: number): PushedAlert {
  if (!before) {
    const times = { receivedAt: now, firstReceivedAt: now };
    return { ...push, fingerprint: print, ...times, activity: 1, version: 1, handled: UNHANDLED };
  }
  const merged = overlaps(before, push) ? merge(before, push, now) : undefined;
  const fired = before.endsAt > now;
  const after: PushedAlert = { ...before, ...push, ...merged, receivedAt: now };
  // Senders repeat themselves with a later end: that goes on, as long as it never ended.
  const goesOn = merged !== undefined || (fired && push.startsAt <= before.endsAt);
  if (!goesOn) return { ...after, activity: before.activity + 1, firstReceivedAt: now, version: before.version + 1 };
  return tellsMore(before, after, now) ? { ...after, version: before.version + 1 } : after;
}

/** As Alertmanager has it: either end of the new activity lies within the known one. */
function overlaps(before: Push, push: Push): boolean {
  const within = (at: number) => at > before.startsAt && at < before.endsAt;
  return within(push.endsAt) || within(push.startsAt);
}

/**
 * The earliest start wins. An end that has come stands, the later one of two; of ends ahead the later one that is no
 * mere timeout.
 */
function merge(before: Push, push: Push, now: number): Pick<Push, 'startsAt' | 'endsAt' | 'timeout'> {
  const startsAt = Math.min(before.startsAt, push.startsAt);
  const stands = push.endsAt <= now ? before.endsAt <= now : !before.timeout;
  const keepsEnd = before.endsAt > push.endsAt && stands;
  return keepsEnd
    ? { startsAt, endsAt: before.endsAt, timeout: false }
    : { startsAt, endsAt: push.endsAt, timeout: push.timeout };
}

function tellsMore(before: PushedAlert, after: PushedAlert, now: number): boolean {
  const ended = after.endsAt <= now;
  return (
    before.startsAt !== after.startsAt ||
    before.endsAt <= now !== ended ||
    (ended && before.endsAt !== after.endsAt) ||
    before.generatorUrl !== after.generatorUrl ||
    !sameTexts(before.annotations, after.annotations)
  );
}

function sameTexts(a: Labels, b: Labels): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

const SEVERITIES: Readonly<Record<string, Severity>> = {
  critical: 'critical',
  page: 'critical',
  emergency: 'critical',
  error: 'critical',
  warning: 'warning',
  info: 'info',
  none: 'info',
};

/** The severity that its label states; a warning where it states none that is known. */
export function pushSeverity(labels: Labels): Severity {
  return SEVERITIES[labels['severity']?.toLowerCase() ?? ''] ?? 'warning';
}

/** What a pushed alert says. */
export function pushSubject({ labels, project, annotations, generatorUrl }: Push): AlertSubject {
  const rule = labels['alertname'] ?? 'Pushed alert';
  return {
    rule,
    severity: pushSeverity(labels),
    labels,
    annotations,
    summary: annotations['summary'] ?? annotations['description'] ?? rule,
    sentence: 'Fires as long as its sender says so.',
    query: generatorUrl ?? '',
    value: null,
    sample: null,
    threshold: null,
    unit: null,
    windowMs: null,
    runbook: annotations['runbook_url'] ?? null,
    project,
  };
}
