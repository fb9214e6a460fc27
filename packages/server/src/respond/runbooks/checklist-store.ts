import type { Checklist, ChecklistDeed, ChecklistDetail, ChecklistMark, RunbookPart } from '@yumops/protocol';
import type { Queryable } from '../../lib/db.ts';
import { YumOpsError } from '../../lib/errors.ts';
import { parseRunbook, type Runbook } from './parse.ts';

interface ChecklistRow {
  id: string;
  runbook: string;
  title: string;
  kind: Checklist['kind'];
  source: string;
  steps: number;
  incident_id: string | null;
  window_id: string | null;
  notice_id: string | null;
  state: Checklist['state'];
  result: string;
  started_by: string;
  started_at: Date;
  ended_by: string | null;
  ended_at: Date | null;
  marked: string;
}

const SELECT = `SELECT c.*, (SELECT count(*) FROM checklist_marks m WHERE m.checklist_id = c.id) AS marked FROM checklists c`;

/** What each action does, by name. */
export type ActionAbout = (name: string) => string | null;

export async function insertChecklist(
  tx: Queryable,
  list: Pick<Checklist, 'id' | 'incident' | 'window' | 'notice'> & { runbook: Runbook; by: string; now: number },
): Promise<void> {
  const { runbook } = list;
  await tx.query(
    `INSERT INTO checklists
       (id, runbook, title, kind, source, steps, incident_id, window_id, notice_id, state, started_by, started_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'open', $10, $11)`,
    [
      ...[list.id, runbook.id, runbook.title, runbook.kind, `# ${runbook.title}\n\n${runbook.text}`, runbook.steps],
      ...[list.incident, list.window, list.notice, list.by, new Date(list.now)],
    ],
  );
}

/** A checklist as it is stored, locked for a change. @throws YumOpsError `checklist_not_found` (404) */
export async function lockChecklist(tx: Queryable, id: string): Promise<{ list: Checklist; runbook: Runbook }> {
  const [row] = await tx.query<ChecklistRow>(`${SELECT} WHERE c.id = $1 FOR UPDATE OF c`, [id]);
  if (!row) throw notFound(id);
  return { list: toChecklist(row), runbook: parseRunbook(row.runbook, row.source, false) };
}

/** Newest first. */
export async function listChecklists(
  db: Queryable,
  query: { incident?: string | undefined; kind?: Checklist['kind'] | undefined; limit: number },
): Promise<Checklist[]> {
  const rows = await db.query<ChecklistRow>(
    `${SELECT} WHERE ($1::text IS NULL OR c.incident_id = $1) AND ($2::text IS NULL OR c.kind = $2)
     ORDER BY c.started_at DESC, c.id LIMIT $3`,
    [query.incident ?? null, query.kind ?? null, query.limit],
  );
  return rows.map(toChecklist);
}

/** @throws YumOpsError `checklist_not_found` (404) */
export async function readChecklist(db: Queryable, id: string, about: ActionAbout): Promise<ChecklistDetail> {
  const [row] = await db.query<ChecklistRow>(`${SELECT} WHERE c.id = $1`, [id]);
  if (!row) throw notFound(id);
  const [marks, deeds] = await Promise.all([
    db.query<Omit<ChecklistMark, 'at'> & { at: Date }>(
      'SELECT step, state, note, by, at FROM checklist_marks WHERE checklist_id = $1 ORDER BY step',
      [id],
    ),
    db.query<Omit<ChecklistDeed, 'at'> & { at: Date }>(
      'SELECT action, name, by, at, ok, result FROM checklist_deeds WHERE checklist_id = $1 ORDER BY id LIMIT 500',
      [id],
    ),
  ]);
  return {
    ...toChecklist(row),
    parts: partsOf(parseRunbook(row.runbook, row.source, false), about),
    marks: marks.map((mark) => ({ ...mark, at: mark.at.toISOString() })),
    deeds: deeds.map((deed) => ({ ...deed, at: deed.at.toISOString() })),
  };
}

/** The parts of a runbook, each step with its actions. */
export function partsOf(runbook: Runbook, about: ActionAbout): RunbookPart[] {
  return runbook.parts.map((part) => {
    if (part.type === 'text') return part;
    const own = runbook.actions.filter(({ step }) => step === part.step);
    return {
      ...part,
      actions: own.map(({ index, label, name, parameters }) => ({
        ...{ index, label, name, parameters: { ...parameters } },
        about: about(name),
      })),
    };
  });
}

function toChecklist(row: ChecklistRow): Checklist {
  return {
    ...{ id: row.id, runbook: row.runbook, title: row.title, kind: row.kind, state: row.state, result: row.result },
    incident: row.incident_id,
    window: row.window_id,
    notice: row.notice_id,
    startedBy: row.started_by,
    startedAt: row.started_at.toISOString(),
    endedBy: row.ended_by,
    endedAt: row.ended_at?.toISOString() ?? null,
    steps: row.steps,
    marked: Number(row.marked),
  };
}

function notFound(id: string): YumOpsError {
  return new YumOpsError('checklist_not_found', `There is no checklist ${id}.`, { status: 404 });
}
