import type { Indicator } from '../alerting/index.ts';

/** What is measured, as it was written. */
export type SliKind = 'requests' | 'checks' | 'latency';

/** A pair of windows over which a budget must burn faster than `factor` for an alert. */
export interface BurnPair {
  factor: number;
  longMs: number;
  shortMs: number;
  severity: 'critical' | 'warning' | 'info';
}

/** An objective: the share of good events over a window that moves along. */
export interface Slo {
  id: string;
  name: string;
  /** Percent, under 100. */
  target: number;
  /** 7, 28 or 30 days, ms. */
  windowMs: number;
  kind: SliKind;
  indicator: Indicator;
  /** The objective in one English sentence. */
  sentence: string;
  burnAlerts: readonly BurnPair[];
  minBad: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The four pairs of the Site Reliability Workbook: 2 % of 30 days in 1 h, 5 % in 6 h, 10 % in a day and in 3 days. */
export const DEFAULT_PAIRS: readonly BurnPair[] = [
  { factor: 14.4, longMs: HOUR, shortMs: 5 * MINUTE, severity: 'critical' },
  { factor: 6, longMs: 6 * HOUR, shortMs: 30 * MINUTE, severity: 'critical' },
  { factor: 3, longMs: DAY, shortMs: 2 * HOUR, severity: 'warning' },
  { factor: 1, longMs: 3 * DAY, shortMs: 6 * HOUR, severity: 'warning' },
];

/** The share that may be bad, 0 to 1: 0.001 for 99.9 %. */
export function budgetOf({ target }: Pick<Slo, 'target'>): number {
  return Number(((100 - target) / 100).toPrecision(12));
}

/** The name of a burn alert: "SLO api availability 14.4x". */
export function burnAlertName(slo: Pick<Slo, 'name'>, { factor }: Pick<BurnPair, 'factor'>): string {
  return `SLO ${slo.name} ${factor}x`;
}
