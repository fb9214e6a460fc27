/** How the samples of a window become one number. `sum` of a ratio's parts is `ratio`. */
export type Reducer = 'ratio' | 'count' | 'avg' | 'min' | 'max' | 'sum' | 'last' | 'p50' | 'p95' | 'p99';

export type Operator = '>' | '>=' | '<' | '<=' | '==' | '!=';

/** A rule's condition, compiled: `avg_response_time{service=api} > 2s`. */
export interface Condition {
  /** As written. */
  text: string;
  /** Name in the registry without the reducer's prefix, or the name of a metric of the user's own. */
  metric: string;
  reducer: Reducer;
  /** Only series with exactly these labels count. */
  labels: Readonly<Record<string, string>>;
  op: Operator;
  /** In the metric's own unit: percent, milliseconds, bytes or a plain number. */
  threshold: number;
  /** `failed_auth_attempts > 100 per hour`: 3,600,000; the value is scaled by per / window. Null when not written. */
  perMs: number | null;
}
