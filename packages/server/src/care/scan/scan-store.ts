import type { SecurityScan, SecurityScanReport } from '@yumops/protocol';
import type { Queryable } from '../../lib/db.ts';
import { YumOpsError } from '../../lib/errors.ts';

/** Stores a scan with its report. */
export async function writeScan(tx: Queryable, report: SecurityScanReport): Promise<void> {
  await tx.query(
    `INSERT INTO security_scans (id, kind, started_at, ended_at, started_by, report) VALUES ($1, $2, $3, $4, $5, $6)`,
    [report.id, report.kind, report.startedAt, report.endedAt, report.by, report],
  );
}

/** The newest scans, without what they found. */
export async function listScans(db: Queryable, limit: number): Promise<SecurityScan[]> {
  const rows = await db.query<{ scan: SecurityScan }>(
    `SELECT report - '{service,checks,freshFindings,worseFindings,remainingFindings,goneFindings,acceptedFindings,leftOut}'::text[]
       AS scan FROM security_scans ORDER BY ended_at DESC, id LIMIT $1`,
    [limit],
  );
  return rows.map(({ scan }) => scan);
}

/** When the newest scan ended, ms since the epoch; null = none has run. */
export async function lastScanAt(db: Queryable): Promise<number | null> {
  const [row] = await db.query<{ at: number | null }>(
    'SELECT extract(epoch FROM max(ended_at))::float8 * 1000 AS at FROM security_scans',
  );
  return row?.at ?? null;
}

/** @param id of a scan, or `latest` @throws YumOpsError `scan_not_found` (404) */
export async function readScan(db: Queryable, id: string): Promise<SecurityScanReport> {
  const [row] = await db.query<{ report: SecurityScanReport }>(
    `SELECT report FROM security_scans WHERE $1 = 'latest' OR id = $1 ORDER BY ended_at DESC LIMIT 1`,
    [id],
  );
  if (row !== undefined) return row.report;
  throw new YumOpsError('scan_not_found', id === 'latest' ? 'No scan has run yet.' : `There is no scan ${id}.`, {
    hint: 'Run one: `yumops security scan`.',
    status: 404,
  });
}
