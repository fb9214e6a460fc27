import type { Counts } from './counts.ts';
import { type BurnPair, budgetOf, type Slo } from './slo.ts';

const DAY_MS = 86_400_000;

/** An error budget over one window. */
export interface Budget {
  /** Events that may be bad in the window, at its traffic so far. */
  allowed: number;
  spent: number;
  /** Share that is left, 1 = all; negative when more was spent than there was. */
  remaining: number;
}

/** The budget of a window in which so much happened; a window without events has spent nothing. */
export function budgetFor(slo: Pick<Slo, 'target'>, { total, bad }: Counts): Budget {
  const allowed = total * budgetOf(slo);
  return { allowed, spent: bad, remaining: total === 0 ? 1 : 1 - bad / allowed };
}

/** Percent of good events, cut to three decimals: 100 means that nothing at all was bad. Null without events. */
export function attained({ total, bad }: Counts): number | null {
  return total === 0 ? null : Math.floor(((total - bad) / total) * 100_000) / 1_000;
}

export interface BudgetDay {
  /** UTC, `2026-01-05`. */
  day: string;
  /** Percent of good events of this day; null without any. */
  attained: number | null;
  /** Share of the budget that was left at its end, over the window that ended then; null without any events in it. */
  remaining: number | null;
}

/**
 * The budget at the end of each of the last `days` UTC days, oldest first, and now.
 * @param counted events by the first instant of a day
 */
export function budgetHistory(
  slo: Pick<Slo, 'target' | 'windowMs'>,
  counted: ReadonlyMap<number, Counts>,
  now: number,
  days: number,
): BudgetDay[] {
  const length = Math.round(slo.windowMs / DAY_MS);
  const today = Math.floor(now / DAY_MS) * DAY_MS;
  return Array.from({ length: days }, (_, index) => {
    const day = today - (days - 1 - index) * DAY_MS;
    const window = { total: 0, bad: 0 };
    for (let back = 0; back < length; back++) {
      const own = counted.get(day - back * DAY_MS);
      window.total += own?.total ?? 0;
      window.bad += own?.bad ?? 0;
    }
    return {
      day: new Date(day).toISOString().slice(0, 10),
      attained: attained(counted.get(day) ?? { total: 0, bad: 0 }),
      remaining: window.total === 0 ? null : budgetFor(slo, window).remaining,
    };
  });
}

/**
 * How long a constant share of failures, with steady traffic and none before, must last until a pair pages, ms; null =
 * never. The short window is full of failures long before the long one.
 * @param share 0 to 1
 */
export function timeToPage(slo: Pick<Slo, 'target'>, { factor, longMs }: BurnPair, share: number): number | null {
  const needed = Number(((factor * budgetOf(slo) * longMs) / share).toPrecision(12));
  return needed < longMs ? needed : null;
}

/** When the budget is used up if it goes on like this, ms from now; null = not within its window. */
export function timeToExhaustion(
  slo: Pick<Slo, 'target' | 'windowMs'>,
  budget: Budget,
  burnRate: number,
): number | null {
  if (budget.remaining <= 0) return 0;
  if (burnRate <= 0) return null;
  const ms = (budget.remaining * slo.windowMs) / burnRate;
  return ms > slo.windowMs ? null : ms;
}
