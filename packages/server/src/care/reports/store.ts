import type { ReportDelivery, ReportDetail, ReportItem, ReportKind } from '@yumops/protocol';
import type { Queryable } from '../../lib/db.ts';
import type { ReportContent } from './make-report.ts';

interface ReportRow {
  id: string;
  made_at: Date;
  made_by: string;
  content: ReportContent;
  sent: ReportDelivery[];
}

const iso = (column: string) => `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
const SENT = `coalesce((SELECT jsonb_agg(jsonb_build_object('channel', d.channel, 'target', d.target, 'state', d.state,
    'attempts', d.attempts, 'at', ${iso('d.sent_at')}, 'reason', d.reason) ORDER BY d.channel, d.target)
  FROM report_deliveries d WHERE d.report_id = r.id), '[]') AS sent`;
/** Reports are listed without their sections. */
const HEAD = `r.id, r.made_at, r.made_by, r.content - 'sections' AS content, ${SENT}`;

/** A page of reports, newest first. */
export async function listReports(
  db: Queryable,
  page: { kind?: ReportKind | undefined; limit: number; before?: string | undefined },
): Promise<ReportItem[]> {
  const rows = await db.query<ReportRow>(
    `SELECT ${HEAD} FROM reports r WHERE ($1::text IS NULL OR r.kind = $1) AND ($2::text IS NULL OR r.id < $2)
     ORDER BY r.id DESC LIMIT $3`,
    [page.kind ?? null, page.before ?? null, page.limit],
  );
  return rows.map(({ id, made_at: at, made_by: madeBy, content, sent }) => {
    const { kind, title, from, to, timeZone, sentence, todo } = content;
    return { id, kind, title, from, to, timeZone, madeAt: at.toISOString(), madeBy, sentence, todo, sent };
  });
}

/** A report whole; undefined when there is none with this id. */
export async function readReport(db: Queryable, id: string): Promise<ReportDetail | undefined> {
  const [row] = await db.query<ReportRow>(
    `SELECT r.id, r.made_at, r.made_by, r.content, ${SENT} FROM reports r WHERE r.id = $1`,
    [id],
  );
  if (!row) return undefined;
  return { ...row.content, id, madeAt: row.made_at.toISOString(), madeBy: row.made_by, sent: row.sent };
}

/** The report of a scheduled time, if it was made already. @param slot ms since the epoch */
export async function reportOfSlot(db: Queryable, kind: ReportKind, slot: number): Promise<string | undefined> {
  const [row] = await db.query<{ id: string }>('SELECT id FROM reports WHERE kind = $1 AND slot = $2', [
    kind,
    new Date(slot),
  ]);
  return row?.id;
}

/** Stores a report. Times in ms since the epoch. */
export async function insertReport(
  tx: Queryable,
  report: { id: string; slot: number | null; madeAt: number; madeBy: string; content: ReportContent },
): Promise<void> {
  const { id, slot, madeAt, madeBy, content } = report;
  await tx.query(
    `INSERT INTO reports (id, kind, slot, from_at, to_at, made_at, made_by, content) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      id,
      content.kind,
      slot === null ? null : new Date(slot),
      new Date(content.from),
      new Date(content.to),
      new Date(madeAt),
      madeBy,
      content,
    ],
  );
}

/** Notes that an address is to get a report; one that is there already stays as it is. */
export async function addDelivery(
  tx: Queryable,
  id: string,
  delivery: Pick<ReportDelivery, 'channel' | 'target' | 'state' | 'reason'>,
): Promise<void> {
  await tx.query(
    `INSERT INTO report_deliveries (report_id, channel, target, state, attempts, reason) VALUES ($1, $2, $3, $4, 0, $5)
     ON CONFLICT DO NOTHING`,
    [id, delivery.channel, delivery.target, delivery.state, delivery.reason],
  );
}

/** E-mail addresses that wait for a report. */
export async function waitingFor(db: Queryable, id: string): Promise<string[]> {
  const rows = await db.query<{ target: string }>(
    `SELECT target FROM report_deliveries WHERE report_id = $1 AND channel = 'email' AND state = 'waiting' ORDER BY target`,
    [id],
  );
  return rows.map(({ target }) => target);
}

/** Writes what became of an attempt to mail a report. @param at ms since the epoch; null while it was not sent */
export async function noteAttempt(
  db: Queryable,
  id: string,
  target: string,
  outcome: { state: ReportDelivery['state']; at: number | null; reason: string | null },
): Promise<void> {
  await db.query(
    `UPDATE report_deliveries SET state = $3, attempts = attempts + 1, sent_at = $4, reason = $5
     WHERE report_id = $1 AND channel = 'email' AND target = $2`,
    [id, target, outcome.state, outcome.at === null ? null : new Date(outcome.at), outcome.reason],
  );
}
