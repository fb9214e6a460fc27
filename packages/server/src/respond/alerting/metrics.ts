import type { Reducer } from './condition.ts';

/**
 * `counter`: events that are counted; `ratio`: bad of all; `duration`: a distribution in milliseconds;
 * `gauge`: samples of a level.
 */
export type MetricKind = 'counter' | 'ratio' | 'duration' | 'gauge';

/** The unit of thresholds and values: percent 0 to 100, milliseconds, bytes, events per second, or a plain number. */
export type MetricUnit = '%' | 'ms' | 'B' | '/s' | '';

/** What a missing sample means for a rule. */
export type NoData = 'ok' | 'alerting' | 'keep' | 'nodata';

/** The relation that a metric is computed from, as in the SQL that users write. */
export type MetricSource =
  | 'requests'
  | 'application_logs'
  | 'outbound_calls'
  | 'metrics'
  | 'checks'
  | 'database_monitor';

/** A metric that rules may name: one row of the registry that linter, engine, console and docs read. */
export interface RuleMetric {
  name: string;
  kind: MetricKind;
  unit: MetricUnit;
  /** What it counts, as one noun phrase. */
  description: string;
  source: MetricSource;
  /** False when this version has nothing that fills it: the rule loads and stays idle. */
  available: boolean;
  /** Reducers that may be written as a prefix. */
  reducers: readonly Reducer[];
  /** The reducer of the bare name. */
  reducer: Reducer;
  /** Labels that `{label=value}` and `by` may name; the first ones are the default dimension. */
  labels: readonly string[];
  /** Default `by`. */
  by: readonly string[];
  /** Default minimum sample of a window, and of bad events in it (ratios). */
  minCount: number;
  minBad: number;
  /** Share of the expected samples that a gauge needs in its window, 0 to 1; 0 = no demand. */
  coverage: number;
  /** Milliseconds between two samples of a gauge, else null. */
  sampleIntervalMs: number | null;
  noData: NoData;
  /** Lowest and highest value that can occur; null = open. */
  range: readonly [number | null, number | null];
}
