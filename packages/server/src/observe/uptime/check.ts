import type { CheckEvidence } from '@yumops/protocol';
import type { Clock } from '../../lib/clock.ts';
import type { BeatReader } from './kinds/heartbeat/beat-store.ts';
import type { Resolve } from './net/resolve.ts';
import type { JourneyRunner, PostgresProbe } from './ports.ts';

/**
 * What one check says of its target. `degraded` is up with a flaw; `unknown` means that the check itself could not
 * be made, which says nothing of the target; `pending` that there is nothing to judge yet.
 */
export type Verdict = 'up' | 'degraded' | 'down' | 'unknown' | 'pending';

export const PHASES = ['dns', 'connect', 'tls', 'firstByte', 'body'] as const;
export type Phase = (typeof PHASES)[number];

/** Milliseconds by phase. Phases do not overlap; one that was not reached or not needed is null. */
export type PhaseTimes = Record<Phase, number | null>;

export interface CertificateFacts {
  /** Whole days until the end, negative when it is past. */
  days: number;
  issuer: string;
  subject: string;
  /** Milliseconds since the epoch. */
  validFrom: number;
  validTo: number;
}

/** One named check of a health report. */
export interface NamedCheck {
  name: string;
  verdict: Verdict;
  reason: string | null;
  /** As the report says, milliseconds. */
  durationMs: number | null;
}

export interface CheckResult {
  verdict: Verdict;
  /** A sentence that names what was expected and what came; null when all is well. */
  reason: string | null;
  /** Milliseconds of the whole check, at least the sum of the phases. */
  durationMs: number;
  phases: PhaseTimes;
  statusCode: number | null;
  certificate: CertificateFacts | null;
  /** What a check that is not up saw; null when nothing came. */
  evidence: CheckEvidence | null;
  /** Only of monitors that read a health report. */
  named: readonly NamedCheck[];
}

/** What a check may use of the world. */
export interface CheckContext {
  clock: Clock;
  resolve: Resolve;
  postgres: PostgresProbe;
  journeys: JourneyRunner;
  beats: BeatReader;
  /** Origins that are rewritten, also where a redirect leads to. */
  targets: Readonly<Record<string, string>>;
  /** Certificates in PEM that are trusted beside the system's. */
  ca: readonly string[];
  /** Aborts when the prober stops; what a check that runs then says is worth nothing. */
  signal: AbortSignal;
}
