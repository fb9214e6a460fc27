/** What the checks of a database can find, as scripts know it. */
export const DATABASE_FINDING_CODES = [
  'lock_chain',
  'idle_in_transaction',
  'long_transaction',
  'bloat_table',
  'bloat_index',
  'unused_index',
  'duplicate_index',
  'corrupt_index',
  'invalid_index',
  'missing_index',
  'unindexed_fk',
  'not_valid_fk',
  'not_valid_check',
  'sequence',
  'slow_query',
  'regressed_query',
  'wait_event',
  'statement_evictions',
  'inactive_slot',
  'slot_retention',
  'replication_lag',
  'standby_conflicts',
  'archiver',
  'connections',
  'wraparound',
  'vacuum',
  'cache_hit',
  'temp_files',
  'deadlocks',
  'rollbacks',
  'checkpoints',
  'big_table',
  'disk_forecast',
  'disabled_trigger',
  'search_path',
  'public_schema',
  'rls_off',
  'rls_policy',
  'policy_cost',
  'definer_view',
  'exposed',
  'privileges',
  'no_primary_key',
  'reg_type',
  'auth_fk',
  'autovacuum_off',
  'extension_schema',
  'outdated_extension',
  'probe_failed',
] as const;

export type DatabaseFindingCode = (typeof DATABASE_FINDING_CODES)[number];

/** `unknown` is not healthy: it could not be seen whether something is wrong. */
export type DatabaseSeverity = 'critical' | 'warning' | 'unknown' | 'info';

/** What a probe says about one object. */
export interface Remark {
  code: DatabaseFindingCode;
  severity: DatabaseSeverity;
  /** The thing, as SQL names it: `public."Weird ""Name"""`, `slot standby_1`, `pid 4711`. Unique within its code. */
  object: string;
  /** One or two sentences with the evidence. */
  message: string;
  /** One SQL statement that runs as it stands in autocommit; null when nothing can be done by SQL. */
  fix: string | null;
}

/** A remark about one of the configured databases. */
export interface DatabaseFinding extends Remark {
  /** Name of the database in the configuration. */
  database: string;
  /** Stable and unique; `exclude:` of a database takes it. */
  key: string;
}

const RANK: Record<DatabaseSeverity, number> = { critical: 0, warning: 1, unknown: 2, info: 3 };

/** What is wrong first: by severity, then by the order of the codes, then by object. */
export function inOrderOfUrgency(findings: readonly DatabaseFinding[]): DatabaseFinding[] {
  const place = ({ code }: DatabaseFinding) => DATABASE_FINDING_CODES.indexOf(code);
  return [...findings].sort(
    (a, b) => RANK[a.severity] - RANK[b.severity] || place(a) - place(b) || (a.object < b.object ? -1 : 1),
  );
}

/** Gives a remark its database and its key. */
export function asFinding(database: string, remark: Remark): DatabaseFinding {
  return { ...remark, database, key: `${database}:${remark.code}:${remark.object}` };
}
