import { z } from 'zod';
import type { Report } from '../../../lib/finding.ts';
import { durationShape, readDuration } from '../../../lib/section.ts';
import type { RuleConfig } from '../config.ts';
import type { Instance } from '../instance.ts';

/** What becomes of pending alerts over an outage of the platform, ms. */
export interface Restore {
  /** After a longer outage they start afresh. */
  toleranceMs: number;
  /** With less left of `for` they wait this long. */
  graceMs: number;
}

const DEFAULT_TOLERANCE_MS = 1_800_000;
const DEFAULT_GRACE_MS = 600_000;

/** `restore:` as written. */
export const restoreShape = z.strictObject({
  tolerance: durationShape.optional().describe('After a longer outage pending alerts start afresh, default 30m'),
  grace: durationShape
    .optional()
    .describe('Pending alerts with less than this left of their "for" wait this long after an outage, default 10m'),
});

/** Compiles `restore:`; null when it is not written: the time of an outage counts as any other then. */
export function compileRestore(raw: z.infer<typeof restoreShape>, report: Report): Restore | null {
  if (raw.tolerance === undefined && raw.grace === undefined) return null;
  return {
    toleranceMs: readDuration(raw.tolerance, ['tolerance'], report) ?? DEFAULT_TOLERANCE_MS,
    graceMs: readDuration(raw.grace, ['grace'], report) ?? DEFAULT_GRACE_MS,
  };
}

/**
 * The instances of a rule after an outage, as Prometheus restores them: the time that nobody looked does not count
 * towards `for`.
 * @param last the slot before the outage, `slot` the one after it; ms since the epoch
 */
export function restored(
  instances: readonly Instance[],
  rule: Pick<RuleConfig, 'forMs'>,
  { toleranceMs, graceMs }: Restore,
  last: number,
  slot: number,
): Instance[] {
  return instances.map((instance) => {
    const { state, activeAt } = instance;
    if (state !== 'pending' || activeAt === null) return instance;
    if (slot - last > toleranceMs) return { ...instance, activeAt: slot };
    const left = rule.forMs - (last - activeAt);
    // It would have fired before the outage.
    if (left <= 0) return instance;
    const wait = left < graceMs ? Math.min(graceMs, rule.forMs) : left;
    return { ...instance, activeAt: slot + wait - rule.forMs };
  });
}
