import type { Episode } from '../episode.ts';
import type { Labels } from '../fingerprint.ts';
import { type Matcher, matchesAll } from './matcher.ts';

/** Alerts that match are not told of. Times in ms since the epoch. */
export interface Silence {
  id: string;
  matchers: readonly Matcher[];
  startsAt: number;
  /** Null = until none of `alertIds` fires any more. */
  endsAt: number | null;
  /** What fired and matched when a silence without an end was made. */
  alertIds: readonly string[];
  author: string;
  reason: string;
  createdAt: number;
  /** When somebody ended it; null = nobody has. */
  endedAt: number | null;
  endedBy: string | null;
}

/** Whether the silence is in force by its own times; one without an end also needs an alert that still fires. */
export function isInForce(silence: Silence, now: number): boolean {
  if (silence.endedAt !== null || silence.startsAt > now) return false;
  return silence.endsAt === null || silence.endsAt > now;
}

/** What matchers look at: the alert's labels, and its severity where no label has that name. */
export function matchable({ severity, rule, project, labels }: Matchable): Labels {
  return { severity, alertname: rule, ...(project ? { project } : {}), ...labels };
}

/** What labels are asked of. */
type Matchable = Pick<Episode, 'labels' | 'severity' | 'rule' | 'project'>;

/** The silence that mutes an alert; the one that lasts longest where there are several. */
export function silenceOf(silences: readonly Silence[], alert: Matchable, now: number): Silence | undefined {
  const labels = matchable(alert);
  const own = silences.filter((silence) => isInForce(silence, now) && matchesAll(silence.matchers, labels));
  const end = (silence: Silence) => silence.endsAt ?? Number.POSITIVE_INFINITY;
  return own.sort((a, b) => end(b) - end(a))[0];
}

/** Why an alert is muted, in words. */
export function silenceText({ author, endsAt, reason }: Silence): string {
  const until = endsAt === null ? 'until it is resolved' : `until ${new Date(endsAt).toISOString()}`;
  return `silenced by ${author} ${until}: ${reason}`;
}
