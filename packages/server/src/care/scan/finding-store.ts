import type { Queryable, SqlValue } from '../../lib/db.ts';
import { YumOpsError } from '../../lib/errors.ts';
import type { Acceptance, ScanSeverity, StoredFinding } from './finding.ts';

type Row = Omit<StoredFinding, 'accepted'> & {
  acceptedUntil: number | null;
  acceptedReason: string | null;
  acceptedBy: string | null;
  acceptedSeverity: ScanSeverity | null;
};

const ms = (column: string, name: string) => `extract(epoch FROM ${column})::float8 * 1000 AS "${name}"`;

const COLUMNS = `id, check_name AS "check", code, subject, object, severity, message, evidence, fix, owner,
  ${ms('first_seen', 'firstSeen')}, ${ms('last_seen', 'lastSeen')}, ${ms('resolved_at', 'resolvedAt')},
  ${ms('accepted_until', 'acceptedUntil')}, accepted_reason AS "acceptedReason", accepted_by AS "acceptedBy",
  accepted_severity AS "acceptedSeverity"`;

function toFinding({ acceptedUntil, acceptedReason, acceptedBy, acceptedSeverity, ...rest }: Row): StoredFinding {
  const accepted: Acceptance | null =
    acceptedUntil === null
      ? null
      : {
          ...{ until: acceptedUntil, reason: acceptedReason ?? '', by: acceptedBy ?? '' },
          severity: acceptedSeverity ?? rest.severity,
        };
  return { ...rest, accepted };
}

/** Every finding of these checks, locked for the rest of the transaction; null = of all checks, not locked. */
export async function readFindings(tx: Queryable, checks: readonly string[] | null): Promise<StoredFinding[]> {
  const rows =
    checks === null
      ? await tx.query<Row>(`SELECT ${COLUMNS} FROM security_findings`)
      : await tx.query<Row>(`SELECT ${COLUMNS} FROM security_findings WHERE check_name = ANY($1::text[]) FOR UPDATE`, [
          checks,
        ]);
  return rows.map(toFinding);
}

/** @throws YumOpsError `finding_not_found` (404) */
export async function readFinding(tx: Queryable, id: string, lock = false): Promise<StoredFinding> {
  const [row] = await tx.query<Row>(
    `SELECT ${COLUMNS} FROM security_findings WHERE id = $1 ${lock ? 'FOR UPDATE' : ''}`,
    [id],
  );
  if (row !== undefined) return toFinding(row);
  throw new YumOpsError('finding_not_found', `There is no security finding ${id}.`, {
    hint: '`yumops security findings list` shows them.',
    status: 404,
  });
}

const date = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());

/** Writes findings as they are. */
export async function writeFindings(tx: Queryable, findings: readonly StoredFinding[]): Promise<void> {
  if (findings.length === 0) return;
  const column = (value: (finding: StoredFinding) => SqlValue) => findings.map(value);
  await tx.query(
    `INSERT INTO security_findings (id, check_name, code, subject, object, severity, message, evidence, fix, owner,
       first_seen, last_seen, resolved_at, accepted_until, accepted_reason, accepted_by, accepted_severity)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
       $9::text[], $10::text[], $11::timestamptz[], $12::timestamptz[], $13::timestamptz[], $14::timestamptz[], $15::text[],
       $16::text[], $17::text[])
     ON CONFLICT (id) DO UPDATE SET severity = excluded.severity, message = excluded.message, evidence = excluded.evidence,
       fix = excluded.fix, owner = excluded.owner, last_seen = excluded.last_seen, resolved_at = excluded.resolved_at,
       accepted_until = excluded.accepted_until, accepted_reason = excluded.accepted_reason,
       accepted_by = excluded.accepted_by, accepted_severity = excluded.accepted_severity`,
    [
      ...(['id', 'check', 'code', 'subject', 'object', 'severity', 'message', 'evidence', 'fix', 'owner'] as const).map(
        (name) => column((finding) => finding[name]),
      ),
      column(({ firstSeen }) => date(firstSeen)),
      column(({ lastSeen }) => date(lastSeen)),
      column(({ resolvedAt }) => date(resolvedAt)),
      column(({ accepted }) => date(accepted?.until ?? null)),
      column(({ accepted }) => accepted?.reason ?? null),
      column(({ accepted }) => accepted?.by ?? null),
      column(({ accepted }) => accepted?.severity ?? null),
    ],
  );
}

/** How many findings of each severity nobody has accepted. @param now ms since the epoch */
export function countOpen(db: Queryable, now: number): Promise<{ severity: ScanSeverity; findings: number }[]> {
  return db.query(
    `SELECT severity, count(*)::int AS findings FROM security_findings
     WHERE resolved_at IS NULL AND (accepted_until IS NULL OR accepted_until <= $1) GROUP BY severity`,
    [new Date(now)],
  );
}

/** Forgets what was gone before this instant (ms since the epoch). */
export async function forgetResolved(tx: Queryable, before: number): Promise<void> {
  await tx.query('DELETE FROM security_findings WHERE resolved_at < $1', [new Date(before)]);
  await tx.query('DELETE FROM security_scans WHERE ended_at < $1', [new Date(before)]);
}
