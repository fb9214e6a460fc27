import type { AlertState, Severity } from './alerts-api.ts';

/** An item of `GET /api/v1/slos`: an objective and what is left of its error budget. */
export interface SloItem {
  id: string;
  name: string;
  /** Percent that must be good. */
  target: number;
  /** `7d`, `28d` or `30d`. */
  window: string;
  sli: { kind: 'requests' | 'checks' | 'latency'; labels: Record<string, string>; underMs: number | null };
  /** The objective as one English sentence. */
  sentence: string;
  /** `burning`: an alert of it fires; `exhausted`: nothing is left; `unknown`: nothing was counted in the window. */
  state: 'ok' | 'burning' | 'exhausted' | 'unknown';
  /** Percent of good events in the window, cut to three decimals; null without any. */
  attained: number | null;
  total: number;
  bad: number;
  budget: {
    /** Events that may be bad in the window at its traffic so far. */
    allowed: number;
    spent: number;
    /** Percent that is left; negative when more was spent than there was. */
    remaining: number;
    /** When it is used up if it goes on as in the last hour; null = not within the window. */
    exhaustedAt: string | null;
  };
  /** How many times faster than allowed the budget burnt in the last hour; null without events. */
  burnRate: number | null;
  alerts: SloBurnAlert[];
  /** Time until the first page by the share of failures, of steady traffic that was good before. */
  timeToPage: { failingPercent: number; seconds: number | null; alert: string | null }[];
  /** The last days, oldest first. */
  history: { day: string; attained: number | null; remaining: number | null }[];
}

/** `GET /api/v1/slos/preview`: what other numbers would mean, before they are written into the configuration. */
export interface SloPreview {
  target: number;
  window: string;
  /** How long everything may fail in the window, seconds. */
  outageSeconds: number;
  /** Time until the first page by the share of failures, of steady traffic that was good before. */
  timeToPage: { failingPercent: number; seconds: number | null; alert: string | null }[];
  /** Of the objective that was named, as its events were; null without one, or without events. */
  measured: { attained: number; total: number; bad: number; allowed: number; remaining: number } | null;
}

/** An alert on a budget: it fires while both windows burn faster than `factor`. */
export interface SloBurnAlert {
  name: string;
  factor: number;
  long: string;
  short: string;
  severity: Severity;
  state: AlertState;
  /** How fast the budget burnt in each window; null without events. */
  longRate: number | null;
  shortRate: number | null;
}
