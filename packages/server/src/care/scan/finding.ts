import { createHash } from 'node:crypto';

/** `unknown` is not healthy: it could not be seen whether something is wrong. The gravest comes first. */
export const SCAN_SEVERITIES = ['critical', 'high', 'medium', 'low', 'unknown'] as const;

export type ScanSeverity = (typeof SCAN_SEVERITIES)[number];

/** Something that a check says is wrong. */
export interface Found {
  /** What is wrong, in snake_case: `hsts_missing`. */
  code: string;
  /** What was looked at, as people name it: an origin, a database, a lockfile. */
  subject: string;
  /** The thing within the subject; empty = the subject itself. An `unknown` one without object is blind to all of it. */
  object: string;
  severity: ScanSeverity;
  /** One sentence that names the thing. */
  message: string;
  /** What was seen, never a secret. */
  evidence: string;
  /** The next step, as an instruction. */
  fix: string;
}

/** Somebody lives with a finding for a time. Times in ms since the epoch. */
export interface Acceptance {
  until: number;
  reason: string;
  by: string;
  /** How grave it was then: one that became graver is not what was accepted. */
  severity: ScanSeverity;
}

/** A finding as it is stored. Times in ms since the epoch. */
export interface StoredFinding extends Found {
  /** The same for the same check, code, subject and object. */
  id: string;
  check: string;
  owner: string | null;
  firstSeen: number;
  lastSeen: number;
  /** When it was seen to be gone; null = it is there. */
  resolvedAt: number | null;
  accepted: Acceptance | null;
}

export type FindingState = 'open' | 'accepted' | 'resolved';

/** An acceptance that has ended leaves the finding open again. @param now ms since the epoch */
export function stateOf({ resolvedAt, accepted }: StoredFinding, now: number): FindingState {
  if (resolvedAt !== null) return 'resolved';
  return accepted !== null && accepted.until > now ? 'accepted' : 'open';
}

const RANK = new Map<ScanSeverity, number>(SCAN_SEVERITIES.map((severity, rank) => [severity, rank]));

/** Below 0 when `a` is graver than `b`. */
export function compareSeverity(a: ScanSeverity, b: ScanSeverity): number {
  return (RANK.get(a) ?? 0) - (RANK.get(b) ?? 0);
}

/** The gravest first, then by check, subject, code and object. */
export function inOrder<Item extends Found & { check: string }>(items: readonly Item[]): Item[] {
  const place = ({ check, subject, code, object }: Item) => `${check}\0${subject}\0${code}\0${object}`;
  return items.toSorted((a, b) => compareSeverity(a.severity, b.severity) || (place(a) < place(b) ? -1 : 1));
}

/** The id of a finding of `check`. */
export function findingId(
  check: string,
  { code, subject, object }: Pick<Found, 'code' | 'subject' | 'object'>,
): string {
  return createHash('sha256')
    .update(JSON.stringify([check, code, subject, object]))
    .digest('hex')
    .slice(0, 20);
}
