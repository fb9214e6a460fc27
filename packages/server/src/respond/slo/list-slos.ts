import type { AlertState, SloItem } from '@yumops/protocol';
import { formatDuration } from '../../lib/duration.ts';
import type { TelemetryStore } from '../../lib/telemetry.ts';
import { burnRate, type PlannedWork } from '../alerting/index.ts';
import { attained, type Budget, budgetFor, budgetHistory, timeToExhaustion } from './budget.ts';
import { type Counts, countBack, countByDay, countIn } from './counts.ts';
import { budgetOf, burnAlertName, type Slo } from './slo.ts';
import { timesToPage } from './time-to-page.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const DAYS_SHOWN = 30;

export interface SloDeps {
  telemetry: TelemetryStore;
  plannedWork: PlannedWork;
  /** The state of an alert rule by its name. */
  stateOf(rule: string): AlertState;
}

/** Objectives with their budgets at `now` (ms), in the order of the configuration. */
export async function listSlos(deps: SloDeps, slos: readonly Slo[], now: number): Promise<SloItem[]> {
  const planned = await deps.plannedWork(now);
  return Promise.all(
    slos.map(async (slo) => {
      const excluded = planned.excludedOf(slo.name, now - slo.windowMs - DAYS_SHOWN * DAY_MS, now);
      const lengths = [HOUR_MS, ...slo.burnAlerts.flatMap(({ longMs, shortMs }) => [longMs, shortMs])];
      const history = { start: now - slo.windowMs - DAYS_SHOWN * DAY_MS, end: now };
      const [counts, days, back] = await Promise.all([
        countIn(deps.telemetry, slo.indicator, { start: now - slo.windowMs, end: now }, excluded),
        countByDay(deps.telemetry, slo.indicator, history, excluded),
        countBack(deps.telemetry, slo.indicator, now, lengths, excluded),
      ]);
      return itemOf(slo, { counts, days: new Map(days.map((day) => [day.day, day])), back }, deps, now);
    }),
  );
}

interface Measured {
  counts: Counts;
  days: ReadonlyMap<number, Counts>;
  /** The last hour, then the long and the short window of each pair. */
  back: readonly Counts[];
}

function itemOf(slo: Slo, { counts, days, back }: Measured, deps: SloDeps, now: number): SloItem {
  const budget = budgetFor(slo, counts);
  const rates = back.map((window) => (window.total === 0 ? null : burnRate(window, budgetOf(slo))));
  const alerts = slo.burnAlerts.map((pair, index) => ({
    name: burnAlertName(slo, pair),
    factor: pair.factor,
    long: formatDuration(pair.longMs),
    short: formatDuration(pair.shortMs),
    severity: pair.severity,
    state: deps.stateOf(burnAlertName(slo, pair)),
    longRate: rates[1 + 2 * index] ?? null,
    shortRate: rates[2 + 2 * index] ?? null,
  }));
  const { kind, indicator } = slo;
  const left = timeToExhaustion(slo, budget, rates[0] ?? 0);
  return {
    ...{ id: slo.id, name: slo.name, target: slo.target, window: `${slo.windowMs / DAY_MS}d`, sentence: slo.sentence },
    sli: { kind, labels: { ...indicator.labels }, underMs: indicator.underMs },
    state: stateOf(counts, budget, alerts),
    attained: attained(counts),
    ...counts,
    budget: {
      allowed: budget.allowed,
      spent: budget.spent,
      remaining: percent(budget.remaining),
      exhaustedAt: left === null ? null : new Date(now + left).toISOString(),
    },
    burnRate: rates[0] ?? null,
    alerts,
    timeToPage: timesToPage(slo),
    history: budgetHistory(slo, days, now, DAYS_SHOWN).map((day) => ({
      ...day,
      remaining: day.remaining === null ? null : percent(day.remaining),
    })),
  };
}

function stateOf(counts: Counts, budget: Budget, alerts: readonly { state: AlertState }[]): SloItem['state'] {
  if (counts.total === 0) return 'unknown';
  if (alerts.some(({ state }) => state === 'firing')) return 'burning';
  return budget.remaining <= 0 ? 'exhausted' : 'ok';
}

/** A share as percent, cut to three decimals. */
export function percent(share: number): number {
  return Math.floor(share * 100_000) / 1_000;
}
