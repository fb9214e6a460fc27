/** How the samples of a window become one number. */
export type Reducer = 'ratio' | 'count' | 'avg' | 'min' | 'max' | 'sum' | 'last' | 'p50' | 'p75' | 'p95' | 'p99';

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
  | 'health_checks'
  | 'error_events'
  | 'web_vitals';

/** Distance of the resolve threshold from the threshold: a factor, or points in the metric's unit. */
export type Hysteresis = { factor: number } | { points: number };

/** A metric that rules may name: one row of the registry that linter, engine, console and docs read. */
export interface RuleMetric {
  name: string;
  kind: MetricKind;
  unit: MetricUnit;
  /** What is measured or counted, as it stands in a sentence. */
  noun: string;
  /** For ratios: what the bad ones did. */
  bad: string;
  /** How it is computed. */
  description: string;
  source: MetricSource;
  /** The series of `rule_buckets`; null = the source's, and of metrics the one of its name. */
  series: string | null;
  /** Reducers that may be written as a prefix. */
  reducers: readonly Reducer[];
  /** The reducer of the bare name. */
  reducer: Reducer;
  /** Labels that `{label=value}` and `by` may name. */
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
  hysteresis: Hysteresis;
  /** Default of `keep_firing_for`, milliseconds. */
  holdMs: number;
  /** Lowest and highest value that can occur; null = open. */
  range: readonly [number | null, number | null];
}

const MINUTE = 60_000;

/** The longest window of a rule: what rules read is kept a day longer than this. */
export const LONGEST_WINDOW_MS = 7 * 86_400_000;

const LEVELS: readonly Reducer[] = ['avg', 'min', 'max', 'last', 'sum', 'p50', 'p75', 'p95', 'p99'];
const TIMES: readonly Reducer[] = ['avg', 'min', 'max', 'p50', 'p75', 'p95', 'p99'];
const REQUEST_LABELS = ['project', 'service', 'environment', 'release', 'endpoint', 'method'];
const CHECK_LABELS = ['project', 'environment', 'monitor', 'kind', 'location'];
const HEALTH_LABELS = ['project', 'environment', 'monitor', 'name'];
const ERROR_LABELS = ['project', 'service', 'environment', 'release', 'type', 'level', 'issue'];
const PROCESS_LABELS = ['project', 'service', 'environment', 'release', 'instance'];

const VITAL_LABELS = ['project', 'service', 'environment', 'release', 'route', 'device'];

type Varying = 'name' | 'noun' | 'description' | 'source';
type Row = Pick<RuleMetric, Varying> & Partial<RuleMetric>;

const DEFAULTS = {
  bad: '',
  series: null,
  minCount: 0,
  minBad: 0,
  coverage: 0,
  sampleIntervalMs: null,
  noData: 'nodata',
} as const;

function ratio(row: Row): RuleMetric {
  return {
    ...DEFAULTS,
    kind: 'ratio',
    unit: '%',
    reducers: ['ratio'],
    reducer: 'ratio',
    labels: REQUEST_LABELS,
    by: ['service', 'environment'],
    hysteresis: { factor: 0.8 },
    holdMs: MINUTE,
    range: [0, 100],
    ...row,
  };
}

/** A web vital; its bare name is the 75th percentile, by which pages are rated. */
function vital(name: string, noun: string, unit: MetricUnit = 'ms'): RuleMetric {
  const description = `${noun} of visitors' page views; the bare name is the 75th percentile`;
  const series = `web_vitals_${name}`;
  const by = ['service', 'environment'];
  return duration({
    name,
    noun,
    description,
    unit,
    series,
    by,
    source: 'web_vitals',
    labels: VITAL_LABELS,
    reducer: 'p75',
    minCount: 20,
  });
}

function duration(row: Row): RuleMetric {
  return {
    ...DEFAULTS,
    kind: 'duration',
    unit: 'ms',
    reducers: TIMES,
    reducer: 'avg',
    labels: REQUEST_LABELS,
    by: ['service', 'environment'],
    minCount: 30,
    hysteresis: { factor: 0.9 },
    holdMs: 5 * MINUTE,
    range: [0, null],
    ...row,
  };
}

function counter(row: Row): RuleMetric {
  return {
    ...DEFAULTS,
    kind: 'counter',
    unit: '',
    reducers: ['count'],
    reducer: 'count',
    labels: REQUEST_LABELS,
    by: ['environment'],
    hysteresis: { factor: 0.8 },
    holdMs: 5 * MINUTE,
    range: [0, null],
    ...row,
  };
}

function usage(row: Row): RuleMetric {
  return {
    ...DEFAULTS,
    kind: 'gauge',
    unit: '%',
    reducers: LEVELS,
    reducer: 'avg',
    labels: PROCESS_LABELS,
    by: ['instance'],
    coverage: 0.8,
    sampleIntervalMs: 15_000,
    hysteresis: { points: 5 },
    holdMs: 5 * MINUTE,
    range: [0, 100],
    ...row,
  };
}

/** What a watched database server does, sampled every 30 s. @param row.by labels beside the name of the database */
function serverActivity({
  by = [],
  ...row
}: Omit<Row, 'source' | 'labels' | 'by'> & { by?: Row['labels'] }): RuleMetric {
  return usage({
    ...{ source: 'metrics', sampleIntervalMs: MINUTE / 2, hysteresis: { factor: 0.8 }, range: [0, null] },
    ...{ labels: ['project', 'service', 'environment', 'database', ...by], by: ['database', ...by], ...row },
  });
}

const ROWS: readonly RuleMetric[] = [
  ratio({
    name: 'error_rate',
    noun: 'requests',
    bad: 'failed',
    description:
      'share of completed requests with status 500 or higher or an uncaught exception; checks and health routes do not count',
    source: 'requests',
    minCount: 100,
    minBad: 5,
  }),
  ratio({
    name: 'log_error_rate',
    noun: 'log records',
    bad: 'were errors',
    description: 'share of log records with level error or fatal',
    source: 'application_logs',
    labels: ['project', 'service', 'environment', 'release', 'event'],
    minCount: 100,
    minBad: 5,
  }),
  duration({
    name: 'response_time',
    noun: 'response time',
    description: 'duration of requests on the server, weighted by request; streams do not count',
    source: 'requests',
  }),
  counter({
    name: 'request_rate',
    noun: 'request rate',
    description: 'requests per second over the window',
    source: 'requests',
    unit: '/s',
    by: ['service', 'environment'],
    holdMs: MINUTE,
  }),
  counter({
    name: 'log_count',
    noun: 'log records',
    description: 'log records, usually of one event: log_count{event=payment_failed}',
    source: 'application_logs',
    labels: ['project', 'service', 'environment', 'release', 'event'],
  }),
  counter({
    name: 'failed_auth_attempts',
    noun: 'failed sign-ins',
    description: 'events named failed_authentication or authn_login_fail, each counted once',
    source: 'application_logs',
    series: 'failed_auth_attempts',
    labels: ['project', 'service', 'environment', 'ip', 'userId'],
    holdMs: 15 * MINUTE,
  }),
  ratio({
    name: 'external_api_error_rate',
    noun: 'calls to an external API',
    bad: 'failed',
    description: 'share of outbound calls that ended in a network error, a timeout, a 5xx or a 429',
    source: 'outbound_calls',
    labels: ['project', 'service', 'environment', 'provider', 'host'],
    by: ['provider'],
    minCount: 20,
    minBad: 3,
    holdMs: 5 * MINUTE,
  }),
  duration({
    name: 'external_api_response_time',
    noun: 'duration of calls to an external API',
    description: 'duration of outbound calls',
    source: 'outbound_calls',
    labels: ['project', 'service', 'environment', 'provider', 'host'],
    by: ['provider'],
    minCount: 20,
  }),
  usage({
    name: 'db_connection_usage',
    noun: 'use of database connections',
    description:
      'connections in use and waiting against the pool size, or client backends against max_connections without the reserved ones; at most 100',
    source: 'metrics',
    labels: ['project', 'service', 'environment', 'instance', 'database', 'pool'],
    by: ['database', 'pool'],
    holdMs: 2 * MINUTE,
  }),
  usage({
    name: 'db_findings',
    noun: 'findings about the database',
    description:
      'findings of `yumops db check` by code, those that are only worth a note left out; `probe_failed` counts what could not be seen',
    source: 'metrics',
    unit: '',
    labels: ['project', 'service', 'environment', 'database', 'code'],
    by: ['database', 'code'],
    reducer: 'last',
    coverage: 0,
    sampleIntervalMs: MINUTE,
    hysteresis: { points: 0 },
    holdMs: 0,
  }),
  usage({
    name: 'security_findings',
    noun: 'security findings',
    description:
      'open findings of the security scan and audit by severity, without those that somebody accepted: security_findings{severity=critical}; `unknown` counts what could not be seen',
    source: 'metrics',
    unit: '',
    labels: ['project', 'service', 'environment', 'severity'],
    by: ['severity'],
    reducer: 'last',
    coverage: 0,
    sampleIntervalMs: MINUTE,
    hysteresis: { points: 0 },
    holdMs: 0,
    range: [0, null],
  }),
  serverActivity({
    name: 'db_wal_rate',
    noun: 'write-ahead log of the database server',
    description: 'bytes of write-ahead log that the whole server writes, per second',
    unit: 'B',
  }),
  serverActivity({
    name: 'db_io_rate',
    noun: 'reads and writes of the database server',
    description:
      'bytes per second that the whole server reads into its buffers and writes out of them: db_io_rate{operation=write}',
    unit: 'B',
    by: ['operation'],
  }),
  serverActivity({
    name: 'db_checkpoints',
    noun: 'checkpoints of the database server',
    description:
      'checkpoints of the whole server, timed or requested before their time: db_checkpoints{kind=requested}',
    unit: '',
    by: ['kind'],
    reducer: 'sum',
  }),
  serverActivity({
    name: 'db_deadlocks',
    noun: 'deadlocks of the database',
    description: 'deadlocks that Postgres ended in the database',
    unit: '',
    reducer: 'sum',
  }),
  serverActivity({
    name: 'db_temp_bytes',
    noun: 'temporary files of the database',
    description: 'bytes of sorts and joins of the database that did not fit into memory',
    unit: 'B',
    reducer: 'sum',
  }),
  serverActivity({
    name: 'db_transactions',
    noun: 'transactions of the database',
    description: 'transactions of the database that were committed or rolled back: db_transactions{kind=rollback}',
    unit: '',
    by: ['kind'],
    reducer: 'sum',
  }),
  serverActivity({
    name: 'db_connections',
    noun: 'connections to the database server',
    description:
      'clients of the whole server by user, application and state, the twenty largest groups by name: db_connections{state="idle in transaction"}',
    unit: '',
    by: ['user', 'application', 'state'],
    coverage: 0,
  }),
  usage({
    name: 'days_to_limit',
    noun: 'days until a resource is at its limit',
    description:
      'days until a resource is expected at its limit, by its growth; 730 where none is in sight, no sample where nothing can be said: days_to_limit{resource=disk:NAME}',
    source: 'metrics',
    unit: '',
    labels: ['project', 'service', 'resource'],
    by: ['resource'],
    reducer: 'last',
    coverage: 0,
    sampleIntervalMs: 15 * MINUTE,
    hysteresis: { factor: 0.9 },
    holdMs: 0,
    noData: 'ok',
    range: [0, 730],
  }),
  usage({
    name: 'memory_usage',
    noun: 'memory usage',
    description: "memory in use against the nearest limit: the container's (else the host's), or the heap's",
    source: 'metrics',
  }),
  usage({
    name: 'node_heap_usage',
    noun: 'heap usage',
    description: 'used heap against the heap limit of the Node process',
    source: 'metrics',
  }),
  usage({
    name: 'cpu_usage',
    noun: 'CPU usage',
    description: 'CPU time of the process against the cores it may use',
    source: 'metrics',
  }),
  usage({
    name: 'event_loop_delay_p99',
    noun: 'event-loop delay (99th percentile)',
    description: '99th percentile of the delay of the event loop',
    source: 'metrics',
    unit: 'ms',
    hysteresis: { factor: 0.9 },
    range: [0, null],
  }),
  counter({
    name: 'error_count',
    noun: 'error events',
    description: 'error events that SDKs report, handled or not: error_count{level=fatal}',
    source: 'error_events',
    labels: ERROR_LABELS,
    by: ['service', 'environment'],
  }),
  ratio({
    name: 'unhandled_error_rate',
    noun: 'error events',
    bad: 'were not handled',
    description: 'share of error events that no code of the app caught',
    source: 'error_events',
    labels: ERROR_LABELS,
    minCount: 20,
    minBad: 5,
  }),
  ratio({
    name: 'check_failure_rate',
    noun: 'uptime checks',
    bad: 'failed',
    description: 'share of uptime checks that failed; planned work and times without a network of our own do not count',
    source: 'checks',
    labels: CHECK_LABELS,
    by: ['monitor'],
  }),
  duration({
    name: 'check_response_time',
    noun: 'response time of uptime checks',
    description: 'duration of uptime checks',
    source: 'checks',
    labels: CHECK_LABELS,
    by: ['monitor'],
    minCount: 1,
  }),
  ratio({
    name: 'health_check_failure_rate',
    noun: 'named health checks',
    bad: 'were unhealthy',
    description: 'share of named checks in health reports that were unhealthy, by monitor and name',
    source: 'health_checks',
    labels: HEALTH_LABELS,
    by: ['monitor', 'name'],
  }),
  duration({
    name: 'health_check_response_time',
    noun: 'response time of named health checks',
    description: 'duration of named checks, as their health report says',
    source: 'health_checks',
    labels: HEALTH_LABELS,
    by: ['monitor', 'name'],
    minCount: 1,
  }),
  vital('lcp', 'largest contentful paint'),
  vital('inp', 'interaction to next paint'),
  vital('cls', 'cumulative layout shift', ''),
  vital('fcp', 'first contentful paint'),
  vital('ttfb', 'time to first byte'),
];

/** The registry of rule metrics, by name. */
export const RULE_METRICS: ReadonlyMap<string, RuleMetric> = new Map(ROWS.map((row) => [row.name, row]));

/**
 * The threshold below (or, for `<`, above) which a firing rule may resolve when the rule names none.
 * @param metric null for a metric of the user's own, which resolves at its threshold
 */
export function defaultResolve(metric: RuleMetric | null, op: string, threshold: number): number {
  if (!metric || op === '==' || op === '!=') return threshold;
  const upward = op.startsWith('<');
  if ('points' in metric.hysteresis)
    return upward ? threshold + metric.hysteresis.points : threshold - metric.hysteresis.points;
  const { factor } = metric.hysteresis;
  return Number((upward ? threshold / factor : threshold * factor).toPrecision(12));
}
