import { formatDuration } from '../../../lib/duration.ts';
import { quoteText } from '../../../lib/sql-quote.ts';
import type { DatabaseSeverity, Remark } from '../finding.ts';
import { normaliseQuery } from '../normalise.ts';
import { type ProbeContext, queryProbe } from '../probe.ts';
import { describeSession } from './locks.ts';

interface TransactionRow {
  pid: number;
  /** Set for a prepared transaction, which has no session. */
  gid: string | null;
  user: string | null;
  application: string | null;
  state: string | null;
  query: string | null;
  /** Seconds since the transaction began, and since the session did anything. */
  age: number;
  quiet: number;
}

const SQL = `
  SELECT pid, NULL AS gid, usename AS user, application_name AS application, state, query,
         extract(epoch FROM clock_timestamp() - xact_start)::float8 AS age,
         extract(epoch FROM clock_timestamp() - state_change)::float8 AS quiet
  FROM pg_stat_activity
  WHERE xact_start IS NOT NULL AND datname = current_database() AND backend_type = 'client backend'
    AND pid <> pg_backend_pid()
  UNION ALL
  SELECT 0, gid, owner, NULL, 'prepared', NULL, extract(epoch FROM clock_timestamp() - prepared)::float8, 0
  FROM pg_prepared_xacts WHERE database = current_database()
  ORDER BY age DESC`;

function severityAt(seconds: number, noted: number, warning: number, critical: number): DatabaseSeverity | null {
  if (seconds >= critical) return 'critical';
  if (seconds >= warning) return 'warning';
  return seconds >= noted ? 'info' : null;
}

function judgeIdle(row: TransactionRow, { thresholds: at }: ProbeContext): Remark | null {
  if (!row.state?.startsWith('idle in transaction')) return null;
  const severity = severityAt(
    row.quiet,
    at.idle_in_transaction_noted,
    at.idle_in_transaction,
    at.idle_in_transaction_critical,
  );
  if (!severity) return null;
  const last = row.query ? ` Its last statement: ${normaliseQuery(row.query)}` : '';
  return {
    code: 'idle_in_transaction',
    severity,
    object: `pid ${row.pid}`,
    message: `${describeSession({ ...row, waiting: null, inTransaction: null })} has an open transaction and has done nothing for ${formatDuration(row.quiet * 1_000)}; it keeps its locks and holds up vacuum.${last}`,
    fix: `SELECT pg_terminate_backend(${row.pid});`,
  };
}

function judgeLong(row: TransactionRow, { thresholds: at }: ProbeContext): Remark | null {
  const severity = severityAt(row.age, at.long_transaction, at.long_transaction, at.long_transaction_critical);
  if (!severity) return null;
  const age = formatDuration(row.age * 1_000);
  if (row.gid !== null) {
    return {
      code: 'long_transaction',
      severity,
      object: `prepared transaction ${row.gid}`,
      message: `The transaction "${row.gid}" of ${row.user} was prepared ${age} ago and is neither committed nor rolled back; it keeps its locks and holds up vacuum.`,
      fix: `ROLLBACK PREPARED ${quoteText(row.gid)};`,
    };
  }
  const active = row.state === 'active';
  return {
    code: 'long_transaction',
    severity,
    object: `pid ${row.pid}`,
    message: `${describeSession({ ...row, waiting: null, inTransaction: null })} has been in one transaction for ${age}, which holds up vacuum.${row.query ? ` Statement: ${normaliseQuery(row.query)}` : ''}`,
    fix: `SELECT ${active ? 'pg_cancel_backend' : 'pg_terminate_backend'}(${row.pid});`,
  };
}

/** Transactions that stay open: those that do nothing, and those that take long. */
export const transactions = queryProbe<TransactionRow>({
  name: 'transactions',
  needsAllStatistics: true,
  sql: () => SQL,
  judge: (rows, context) =>
    rows.flatMap((row) => {
      const remark = judgeIdle(row, context) ?? judgeLong(row, context);
      return remark ? [remark] : [];
    }),
});
