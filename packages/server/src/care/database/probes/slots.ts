import { quoteText } from '../../../lib/sql-quote.ts';
import type { Remark } from '../finding.ts';
import { queryProbe } from '../probe.ts';
import { formatBytes } from '../units.ts';

interface SlotRow {
  slot: string;
  type: string;
  active: boolean;
  /** `reserved`, `extended`, `unreserved` or `lost`; null when it keeps nothing. */
  walStatus: string | null;
  /** Bytes of WAL that it keeps. */
  retained: number | null;
}

const SQL = `
  SELECT slot_name AS slot, slot_type AS type, active, wal_status AS "walStatus",
         pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END,
                         restart_lsn)::float8 AS retained
  FROM pg_replication_slots
  WHERE NOT temporary AND (database IS NULL OR database = current_database())
  ORDER BY 1`;

/** A slot whose reader is there, but so far behind that WAL piles up, or was taken from it. */
function judgeReader({ slot, type, walStatus, retained }: SlotRow, critical: number): Remark[] {
  const lost = walStatus === 'lost' || walStatus === 'unreserved';
  const bytes = Math.max(0, retained ?? 0);
  if (!lost && bytes < critical) return [];
  const state = lost ? `, and its WAL is ${walStatus}: it can no longer rely on what it has not read` : '';
  return [
    {
      code: 'slot_retention',
      severity: 'critical',
      object: `slot ${slot}`,
      message: `The reader of the ${type} replication slot "${slot}" is behind: the server keeps ${formatBytes(bytes)} of WAL for it${state}.`,
      fix: null,
    },
  ];
}

function judgeSlot({ slot, type, walStatus, retained }: SlotRow, critical: number): Remark {
  const lost = walStatus === 'lost' || walStatus === 'unreserved';
  const keeps = retained === null ? 'It keeps no WAL yet' : `It keeps ${formatBytes(Math.max(0, retained))} of WAL`;
  return {
    code: 'inactive_slot',
    severity: lost || (retained ?? 0) >= critical ? 'critical' : 'warning',
    object: `slot ${slot}`,
    message: `Nobody reads the ${type} replication slot "${slot}". ${keeps}${lost ? ` and has ${walStatus} the rest` : ', without an end unless max_slot_wal_keep_size is set, and can fill the disk'}.`,
    fix: `SELECT pg_drop_replication_slot(${quoteText(slot)});`,
  };
}

/** Replication slots that nobody reads, or whose reader is far behind: they keep WAL, and logical ones hold up vacuum. */
export const slots = queryProbe<SlotRow>({
  name: 'replication slots',
  sql: () => SQL,
  judge: (rows, { thresholds: { slot_critical: critical } }) =>
    rows.flatMap((row) => (row.active ? judgeReader(row, critical) : [judgeSlot(row, critical)])),
});
