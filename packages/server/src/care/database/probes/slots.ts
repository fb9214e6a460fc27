import type { Remark } from '../finding.ts';
import { queryProbe } from '../probe.ts';
import { quoteText } from '../quote.ts';
import { formatBytes } from '../units.ts';

interface SlotRow {
  slot: string;
  type: string;
  /** `reserved`, `extended`, `unreserved` or `lost`; null when it keeps nothing. */
  walStatus: string | null;
  /** Bytes of WAL that it keeps. */
  retained: number | null;
}

const SQL = `
  SELECT slot_name AS slot, slot_type AS type, wal_status AS "walStatus",
         pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END,
                         restart_lsn)::float8 AS retained
  FROM pg_replication_slots
  WHERE NOT active AND NOT temporary AND (database IS NULL OR database = current_database())
  ORDER BY 1`;

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

/** Replication slots that nobody reads: they keep WAL, and logical ones hold up vacuum. */
export const slots = queryProbe<SlotRow>({
  name: 'replication slots',
  sql: () => SQL,
  judge: (rows, { thresholds }) => rows.map((row) => judgeSlot(row, thresholds.slot_critical)),
});
