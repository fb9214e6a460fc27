import { createHmac } from 'node:crypto';
import type { Clock } from '../lib/clock.ts';
import type { Db } from '../lib/db.ts';

/** How often something may be tried: `max` times in `window` seconds, which begin with the first. */
export interface AttemptRule {
  window: number;
  max: number;
}

export interface AttemptVerdict {
  allowed: boolean;
  /** Seconds until the window ends, where the attempt is refused. */
  retryAfter: number | null;
}

/** Counts attempts for all instances together; counting and judging are one step. */
export interface AttemptCounter {
  consume(key: string, rule: AttemptRule): Promise<AttemptVerdict>;
}

/**
 * Judges an attempt.
 * @param count how many there were in the window, this one included
 * @param leftMs how long the window goes on, milliseconds
 */
export function judgeAttempt(count: number, leftMs: number, { max }: AttemptRule): AttemptVerdict {
  if (count <= max) return { allowed: true, retryAfter: null };
  return { allowed: false, retryAfter: Math.max(1, Math.ceil(leftMs / 1_000)) };
}

/** Counts in the state store, which all instances share. */
export function stateAttempts({ db, clock }: { db: Db; clock: Clock }): AttemptCounter {
  return {
    async consume(key, rule) {
      const now = clock.now();
      const [row] = await db.query<{ count: number; ends_at: Date }>(
        `INSERT INTO attempts AS known (key, count, ends_at) VALUES ($1, 1, $3)
         ON CONFLICT (key) DO UPDATE SET
           count = CASE WHEN known.ends_at <= $2 THEN 1 ELSE known.count + 1 END,
           ends_at = CASE WHEN known.ends_at <= $2 THEN excluded.ends_at ELSE known.ends_at END
         RETURNING count, ends_at`,
        [key, new Date(now), new Date(now + rule.window * 1_000)],
      );
      const { count, ends_at: endsAt } = row as { count: number; ends_at: Date };
      if (count === 1) await db.query('DELETE FROM attempts WHERE ends_at <= $1', [new Date(now)]);
      return judgeAttempt(count, endsAt.getTime() - now, rule);
    },
  };
}

/** Keys name addresses of people: what is kept of them is of no use to whoever lacks `secret`. */
export function hideKeys(counter: AttemptCounter, secret: string): AttemptCounter {
  return {
    consume: (key, rule) => counter.consume(createHmac('sha256', secret).update(key).digest('hex').slice(0, 32), rule),
  };
}
