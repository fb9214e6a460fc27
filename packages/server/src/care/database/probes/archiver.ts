import { formatDuration } from '../../../lib/duration.ts';
import { queryProbe } from '../probe.ts';

interface ArchiverRow {
  on: boolean;
  failing: boolean;
  failedCount: number;
  lastFailed: string | null;
  /** Seconds since a segment was archived; null when none ever was. */
  sinceSuccess: number | null;
  /** Segments that wait. */
  backlog: number;
}

const SQL = `
  SELECT current_setting('archive_mode') <> 'off'
           AND (NOT pg_is_in_recovery() OR current_setting('archive_mode') = 'always') AS on,
         coalesce(last_failed_time > last_archived_time, last_failed_time IS NOT NULL) AS failing,
         failed_count::float8 AS "failedCount", last_failed_wal AS "lastFailed",
         extract(epoch FROM clock_timestamp() - last_archived_time)::float8 AS "sinceSuccess",
         CASE WHEN current_setting('archive_mode') = 'off' THEN 0
              ELSE (SELECT count(*) FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready') END AS backlog
  FROM pg_stat_archiver`;

/** Whether WAL reaches the archive. */
export const archiver = queryProbe<ArchiverRow>({
  name: 'WAL archive',
  needsAllStatistics: true,
  sql: () => SQL,
  judge: ([row], { thresholds }) => {
    if (!row?.on || (!row.failing && row.backlog < thresholds.archive_backlog)) return [];
    const last =
      row.sinceSuccess === null
        ? 'none was ever archived'
        : `the last was archived ${formatDuration(row.sinceSuccess * 1_000)} ago`;
    const failure = row.failing ? ` Archiving ${row.lastFailed} failed, ${row.failedCount} times so far.` : '';
    return [
      {
        code: 'archiver',
        severity: row.failing ? 'critical' : 'warning',
        object: 'WAL archive',
        message: `${row.backlog} WAL ${row.backlog === 1 ? 'segment waits' : 'segments wait'} for the archive; ${last}.${failure} WAL that is not archived fills the disk, and there is no recovery to a point in it.`,
        fix: "SELECT name, setting FROM pg_settings WHERE name IN ('archive_mode', 'archive_command', 'archive_library');",
      },
    ];
  },
});
