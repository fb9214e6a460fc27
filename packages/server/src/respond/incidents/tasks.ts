import type { IncidentTask } from '@yumops/protocol';
import type { Queryable } from '../../lib/db.ts';
import { YumOpsError } from '../../lib/errors.ts';
import { randomHex } from '../../lib/random.ts';
import type { Change, IncidentDeps } from './ports.ts';
import { findIncident, recordFacts } from './store.ts';

interface TaskRow {
  id: string;
  title: string;
  assignee: string | null;
  created_by: string;
  created_at: Date;
  done_by: string | null;
  done_at: Date | null;
}

/** @throws YumOpsError `incident_not_found` (404), `invalid_incident` (400) */
export async function addTask(
  deps: IncidentDeps,
  key: string,
  task: { title: string; assignee?: string | null | undefined },
  { actor, now }: Change,
): Promise<string> {
  const title = task.title.trim();
  if (title === '') throw new YumOpsError('invalid_incident', 'A task has a title.', { status: 400 });
  const id = randomHex(6);
  await deps.db.transaction(async (tx) => {
    const incident = await findIncident(tx, key, true);
    const assignee = task.assignee ?? null;
    await tx.query(
      `INSERT INTO incident_tasks (id, incident_id, title, assignee, created_by, created_at)
       VALUES ($1, $2, $3, $4, $5, $6)`,
      [id, incident.id, title, assignee, actor, new Date(now)],
    );
    const text = `Task: ${title}${assignee === null ? '' : `, for ${assignee}`}`;
    await recordFacts(tx, incident.id, [{ at: now, kind: 'task', actor, text }]);
    await deps.audit(tx, { at: now, actor, action: 'incident.task', target: incident.id, detail: { title, assignee } });
  });
  deps.changed();
  return id;
}

/** Marks a task as done, or as open again. @throws YumOpsError `incident_not_found`, `task_not_found` (404) */
export async function setTask(
  deps: IncidentDeps,
  key: string,
  { id, done }: { id: string; done: boolean },
  { actor, now }: Change,
): Promise<void> {
  await deps.db.transaction(async (tx) => {
    const incident = await findIncident(tx, key, true);
    const [row] = await tx.query<TaskRow>(
      `UPDATE incident_tasks SET done_by = $3, done_at = $4 WHERE id = $1 AND incident_id = $2 RETURNING title`,
      [id, incident.id, done ? actor : null, done ? new Date(now) : null],
    );
    if (!row)
      throw new YumOpsError('task_not_found', `Incident ${incident.number} has no task ${id}.`, { status: 404 });
    const text = `${done ? 'Done' : 'Open again'}: ${row.title}`;
    await recordFacts(tx, incident.id, [{ at: now, kind: 'task', actor, text }]);
    await deps.audit(tx, { at: now, actor, action: 'incident.task', target: incident.id, detail: { id, done } });
  });
  deps.changed();
}

/** The tasks of an incident, oldest first. */
export async function readTasks(db: Queryable, incidentId: string): Promise<IncidentTask[]> {
  const rows = await db.query<TaskRow>(
    'SELECT * FROM incident_tasks WHERE incident_id = $1 ORDER BY created_at, id LIMIT 500',
    [incidentId],
  );
  return rows.map((row) => ({
    id: row.id,
    title: row.title,
    assignee: row.assignee,
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    doneBy: row.done_by,
    doneAt: row.done_at?.toISOString() ?? null,
  }));
}
