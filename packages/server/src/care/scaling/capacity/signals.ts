/** The signal whose rows a table of the telemetry store holds; rollups and the like are counted together. */
const SIGNALS: readonly (readonly [RegExp, string])[] = [
  [/^logs$/, 'logs'],
  [/^request_rows$/, 'requests'],
  [/^metric_rows$/, 'metrics'],
  [/^span/, 'spans'],
  [/^(?:error_|attachment|feedback|replay|client_report)/, 'errors'],
  [/^session_/, 'sessions'],
  [/^(?:web_vital|browser_)/, 'vitals'],
  [/^(?:check_results|health_results|check_in)/, 'checks'],
  [/^security_/, 'security'],
  [/^outbound_/, 'outbound calls'],
  [/^database_/, 'database samples'],
  [/^(?:rule_|log_rollup|checks_hourly|capacity_|.*_(?:hours|minutes|rollup)$)/, 'rollups'],
];

/** The signal of a table. */
export function signalOf(table: string): string {
  return SIGNALS.find(([pattern]) => pattern.test(table))?.[1] ?? 'other';
}
