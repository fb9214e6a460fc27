/** Findings, live view and maintenance of the databases of the application. Times are ISO texts or, where said, ms since the epoch. */

export type DatabaseSeverity = 'critical' | 'warning' | 'unknown' | 'info';

/** Something that is wrong in a database. */
export interface DatabaseFindingItem {
  database: string;
  code: string;
  /** `unknown`: it could not be seen whether something is wrong, which is not healthy. */
  severity: DatabaseSeverity;
  object: string;
  message: string;
  /** A statement that runs as it stands in autocommit; null when nothing can be done by SQL. */
  fix: string | null;
  /** Stable and unique; `exclude:` takes it. */
  key: string;
}

/** A database of the configuration. */
export interface DatabaseItem {
  name: string;
  profile: 'plain' | 'supabase';
  /** ms since the epoch of the last look; null before the first. */
  checkedAt: number | null;
  /** Findings by severity. */
  counts: Record<DatabaseSeverity, number>;
  maintenance: MaintenanceStatus;
}

export interface DatabaseFindings {
  /** ms since the epoch. */
  at: number | null;
  items: DatabaseFindingItem[];
}

/** A session of a client. Durations in seconds. */
export interface SessionStatus {
  pid: number;
  /** When it connected: with the pid it names the session, also when the pid is used again. */
  since: string;
  user: string | null;
  application: string | null;
  client: string | null;
  state: string | null;
  /** What it waits for, such as `Lock: transactionid`; null when it does not. */
  waitsFor: string | null;
  inTransaction: number | null;
  /** Since its statement began, or ended where the session is idle. */
  inState: number | null;
  /** Its statement without values. */
  query: string | null;
  /** The trace and the request that the statement says it runs for, in a comment of sqlcommenter's form. */
  traceId: string | null;
  requestId: string | null;
  /** Sessions that it waits for; 0 stands for a prepared transaction. */
  blockers: number[];
}

/** What a statement did in a span of time, against the same time of day in the week before. */
export interface StatementLoad {
  /** 64 bits, as text. */
  id: string;
  query: string;
  calls: number;
  rows: number;
  totalMs: number;
  meanMs: number;
  /** Estimates from mean and spread; null where the spread is not known or too few calls were seen. */
  p95Ms: number | null;
  p99Ms: number | null;
  /** Share of the time of all statements, 0 to 1. */
  share: number;
  /** Mean of the week before; null when it was not seen then. */
  usualMs: number | null;
}

/** What a statement did in one step of time. */
export interface StatementPoint {
  /** Start of the step, ms since the epoch. */
  at: number;
  calls: number;
  rows: number;
  totalMs: number;
  /** Null where it was not called. */
  meanMs: number | null;
  /** An estimate from mean and spread; null where that is not known. */
  p95Ms: number | null;
}

/** Clients that are the same to whoever counts them. */
export interface ConnectionGroup {
  user: string;
  application: string;
  /** As Postgres calls it: `active`, `idle`, `idle in transaction`. */
  state: string;
  count: number;
}

/** Connections in one step of time, on average. */
export interface ConnectionPoint {
  /** Start of the step, ms since the epoch. */
  at: number;
  /** By what they were asked for: user, application or state. */
  connections: Record<string, number>;
}

/** Who is connected to the server of a database. */
export interface Connections {
  total: number;
  /** What ordinary roles may open. */
  usable: number;
  groups: ConnectionGroup[];
  points: ConnectionPoint[];
}

/** What a database server did in one step of time; null where nothing was seen. Rates in bytes per second. */
export interface ServerPoint {
  /** Start of the step, ms since the epoch. */
  at: number;
  walRate: number | null;
  readRate: number | null;
  writeRate: number | null;
  checkpointsTimed: number | null;
  checkpointsRequested: number | null;
  /** Share of the database's pages that were found in the buffers, 0 to 1. */
  cacheHit: number | null;
  /** Transactions of the database. */
  commits: number | null;
  rollbacks: number | null;
  /** Bytes of temporary files of the database. */
  tempBytes: number | null;
  deadlocks: number | null;
  /** Size of all databases of the server and its write-ahead log. */
  bytes: number | null;
}

/** The disk of a database server. Bytes; null where it is not known. */
export interface DiskRoom {
  used: number | null;
  free: number | null;
  growthPerDay: number | null;
  fullInDays: number | null;
}

export interface ServerLoad {
  points: ServerPoint[];
  disk: DiskRoom;
}

/** A statement in which sessions waited. */
export interface WaitingStatement {
  /** queryid, 64 bits, as text; empty where Postgres does not count statements. */
  id: string;
  query: string;
  /** Seconds, summed over the sessions. */
  seconds: number;
}

/** What the sessions of a database waited for in a span of time. */
export interface WaitLoad {
  /** As Postgres groups events: `Lock`, `LWLock`, `IO`; `CPU` for sessions that did not wait. */
  type: string;
  event: string;
  /** Seconds, summed over the sessions. */
  seconds: number;
  /** The average number of sessions. */
  sessions: number;
  /** Share of the time of all active sessions, 0 to 1. */
  share: number;
  /** The statements that waited the longest. */
  statements: WaitingStatement[];
}

/** The average number of active sessions in one step of time. */
export interface WaitPoint {
  /** Start of the step, ms since the epoch. */
  at: number;
  /** By type of event. */
  sessions: Record<string, number>;
}

export interface Waits {
  items: WaitLoad[];
  points: WaitPoint[];
}

export type DatabaseChangeAction = 'created' | 'changed' | 'removed';

/** A change of the catalogue of a database: schema, settings, extensions, versions, roles and rights. */
export interface DatabaseChange {
  id: string;
  database: string;
  /** As SQL calls it: `table`, `index`, `setting`, `extension`, `role`, `server`. */
  kind: string;
  action: DatabaseChangeAction;
  object: string;
  /** Lines that came (`+ …`) and went (`- …`), without values of rows. */
  detail: string[];
  /** It happened between these two looks, ms since the epoch. */
  since: number;
  seenAt: number;
}

/** The plan of a statement as Postgres would run it for values that it does not know. */
export interface QueryPlan {
  id: string;
  /** Lines of EXPLAIN. */
  plan: string[];
}

/** A table as it stands. Sizes in bytes; rows are the planner's estimate, null before the first ANALYZE. */
export interface TableStatus {
  table: string;
  rows: number | null;
  bytes: number;
  tableBytes: number;
  indexBytes: number;
  toastBytes: number;
  deadRows: number;
  sequentialScans: number;
  indexScans: number;
  /** ISO times of the last run, by hand or by autovacuum. */
  lastVacuum: string | null;
  lastAnalyze: string | null;
  /** Bytes a day over the last 14 days; null while less than a day is known. */
  growthPerDay: number | null;
  /** Days until it alone has filled the disk; null where that is not known. */
  fullInDays: number | null;
}

/** An index as it stands. */
export interface IndexStatus {
  index: string;
  table: string;
  bytes: number;
  /** How often it was read since the statistics were reset. */
  scans: number;
  unique: boolean;
  primary: boolean;
  valid: boolean;
  definition: string;
  /** As of a table. */
  growthPerDay: number | null;
  fullInDays: number | null;
}

export type MaintenanceTask = 'retention' | 'vacuum' | 'freeze' | 'reindex' | 'amcheck' | 'constraints' | 'analyze';

/** What was measured before or after an action: bytes, rows, shares from 0 to 1, ISO times. */
export type Evidence = Readonly<Record<string, number | string | null>>;

/** Something that maintenance would do. */
export interface ActionPlan {
  task: MaintenanceTask;
  /** The thing, as SQL names it. */
  object: string;
  /** The statement that does it; where values change with time it has those of now. */
  statement: string;
  /** Why it is worth doing. */
  reason: string;
  /** What was measured when it was planned. */
  before: Evidence | null;
}

/** `skipped`: nothing was done; `error` says why where it should have been. */
export type ActionStatus = 'done' | 'skipped' | 'failed';

/** How an action ended. */
export interface Outcome {
  status: ActionStatus;
  after: Evidence | null;
  /** Why it failed, or was skipped although it was due; null when all is well. */
  error: string | null;
}

export type ActionResult = ActionPlan & Outcome;

export interface ActionItem extends ActionResult {
  startedAt: string;
  finishedAt: string;
}

/** `interrupted`: it ended without saying so; whoever ran it was killed. */
export type MaintenanceRunStatus = 'running' | 'done' | 'failed' | 'cancelled' | 'interrupted';

/** A run as it is listed. */
export interface MaintenanceRunItem {
  id: string;
  database: string;
  tasks: MaintenanceTask[];
  trigger: 'schedule' | 'manual';
  startedBy: string;
  startedAt: string;
  finishedAt: string | null;
  status: MaintenanceRunStatus;
  error: string | null;
  /** Actions by how they ended. */
  done: number;
  skipped: number;
  failed: number;
}

export interface MaintenanceRunDetail extends MaintenanceRunItem {
  actions: ActionItem[];
  /** Where it is; null when it does not run. */
  progress: MaintenanceProgress | null;
}

/** Where a run is. */
export interface MaintenanceProgress {
  runId: string;
  task: MaintenanceTask;
  /** The thing that is worked on; null while the task is planned. */
  object: string | null;
  statement: string | null;
  /** Actions of this task that have ended, and all of them. */
  done: number;
  total: number;
  /** How far the action is, 0 to 1. */
  share: number;
  /** What it waits for before it goes on, such as a standby that is behind; null while it works. */
  waitsFor: string | null;
}

/** The kill switch, thrown. */
export interface MaintenancePause {
  by: string;
  reason: string;
  /** ms since the epoch. */
  at: number;
}

export interface MaintenanceStatus {
  /** Cron expression and zone of the schedule; null when only people start it. */
  schedule: { pattern: string; timeZone: string } | null;
  pause: MaintenancePause | null;
  progress: MaintenanceProgress | null;
}
