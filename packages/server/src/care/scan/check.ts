import { messageOf, YumOpsError } from '../../lib/errors.ts';
import type { Found } from './finding.ts';

/** `weekly` is the security scan, `monthly` the audit, which is the scan and more. */
export const SCAN_KINDS = ['weekly', 'monthly'] as const;

export type ScanKind = (typeof SCAN_KINDS)[number];

/** What a check may use of the run that it is part of. */
export interface CheckContext {
  /** Ms since the epoch. */
  now: number;
  signal: AbortSignal;
}

/** What a check saw. */
export interface CheckResult {
  findings: Found[];
  /** What was looked at and from where, as a sentence; of a check that is off, why. */
  looked: string;
  /** There was nothing to look at, and that is as it is configured. */
  off?: boolean;
}

/** One subject of a scan. */
export interface ScanCheck {
  /** Stable, in kebab-case. */
  name: string;
  /** As a noun: `Dependencies`. */
  title: string;
  /** The kinds of scans that it is part of. */
  kinds: readonly ScanKind[];
  run(context: CheckContext): Promise<CheckResult>;
}

/** `1 account`, `2 accounts`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** A finding without the fields that it shares with others of its check. */
export type FoundOf = Omit<Found, 'object'> & { object?: string };

export const found = (finding: FoundOf): Found => ({ object: '', ...finding });

/** The finding that something could not be looked at. */
export function unseen(subject: string, message: string, hint: string, evidence = ''): Found {
  return { code: 'not_seen', subject, object: '', severity: 'unknown', message, evidence, fix: hint };
}

/** The same of what threw. */
export function unseenFor(subject: string, what: string, error: unknown): Found {
  const hint = error instanceof YumOpsError ? error.hint : undefined;
  return unseen(
    subject,
    `${what}: ${messageOf(error)}`,
    hint ?? 'Mend what the message names, then run the scan again.',
  );
}
