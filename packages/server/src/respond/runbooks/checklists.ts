import type { Checklist, ChecklistDetail, ChecklistMark, RunbookDetail, RunbookItem } from '@yumops/protocol';
import type { Db, Queryable } from '../../lib/db.ts';
import { messageOf, YumOpsError } from '../../lib/errors.ts';
import { randomHex } from '../../lib/random.ts';
import type { Audit } from '../alerting/index.ts';
import { recordFacts } from '../incidents/index.ts';
import type { SafeActions } from './actions.ts';
import { insertChecklist, listChecklists, lockChecklist, partsOf, readChecklist } from './checklist-store.ts';
import type { Runbook, RunbookAction } from './parse.ts';
import type { RunbookShelf } from './shelf.ts';

export interface ChecklistsOptions {
  db: Db;
  audit: Audit;
  shelf: RunbookShelf;
  actions: SafeActions;
}

/** Who makes a change, and when: ms since the epoch. */
export interface Change {
  actor: string;
  now: number;
}

/** What a checklist goes along with. */
export interface ChecklistTies {
  /** Id of an incident. */
  incident?: string | null | undefined;
  window?: string | null | undefined;
  notice?: string | null | undefined;
}

/** Runbooks and procedures, and people who follow them step by step. */
export interface Checklists {
  runbooks(): RunbookItem[];
  /** @throws YumOpsError `runbook_not_found` (404) */
  runbook(id: string): RunbookDetail;
  list(query: {
    incident?: string | undefined;
    kind?: Checklist['kind'] | undefined;
    limit: number;
  }): Promise<Checklist[]>;
  /** @throws YumOpsError `checklist_not_found` (404) */
  read(id: string): Promise<ChecklistDetail>;
  /** Begins to follow a runbook; in an incident the one that is open goes on. @returns its id */
  begin(runbook: string, ties: ChecklistTies, by: Change): Promise<string>;
  /** @param mark `state` null takes the mark away. @throws YumOpsError `checklist_step` (400), `checklist_over` (409) */
  mark(
    id: string,
    mark: { step: number; state: ChecklistMark['state'] | null; note: string },
    by: Change,
  ): Promise<void>;
  /** Does an action; that it failed is recorded too. @throws YumOpsError `unknown_action` (400), `checklist_over` (409) */
  act(id: string, action: number, by: Change): Promise<void>;
  /** Ends it with what came of it. @throws YumOpsError `checklist_over` (409) */
  end(id: string, end: { state: 'done' | 'abandoned'; result: string }, by: Change): Promise<Checklist>;
}

export function createChecklists(options: ChecklistsOptions): Checklists {
  const { db, shelf, actions } = options;
  const about = (name: string) => actions.get(name)?.about ?? null;
  return {
    runbooks: () => shelf.list().map(toItem),
    runbook(id) {
      const found = shelf.read(id);
      return { ...toItem(found), parts: partsOf(found, about) };
    },
    list: (query) => listChecklists(db, query),
    read: (id) => readChecklist(db, id, about),
    begin: (runbook, ties, by) => begin(options, runbook, ties, by),
    mark: (id, mark, by) => markStep(options, id, mark, by),
    act: (id, action, by) => act(options, id, action, by),
    end: (id, end, by) => endChecklist(options, id, end, by),
  };
}

function toItem({ id, title, kind, about, alerts, steps, shipped }: Runbook): RunbookItem {
  return { id, title, kind, about, alerts: [...alerts], steps, shipped };
}

async function begin(
  { db, audit, shelf }: ChecklistsOptions,
  id: string,
  { incident = null, window = null, notice = null }: ChecklistTies,
  { actor, now }: Change,
): Promise<string> {
  const runbook = shelf.read(id);
  const own = randomHex(6);
  return db.transaction(async (tx) => {
    if (incident !== null) {
      const found = await tx.query<{ id: string }>('SELECT id FROM incidents WHERE id = $1 FOR UPDATE', [incident]);
      if (found.length === 0) {
        throw new YumOpsError('incident_not_found', `There is no incident ${incident}.`, { status: 404 });
      }
      const [open] = await tx.query<{ id: string }>(
        `SELECT id FROM checklists WHERE incident_id = $1 AND runbook = $2 AND state = 'open'`,
        [incident, id],
      );
      if (open) return open.id;
    }
    await insertChecklist(tx, { id: own, runbook, incident, window, notice, by: actor, now });
    await note(tx, incident, { at: now, actor, text: `Begun: ${runbook.title}` });
    await audit(tx, { at: now, actor, action: 'checklist.begin', target: own, detail: { runbook: id, incident } });
    return own;
  });
}

async function note(
  tx: Queryable,
  incident: string | null,
  { at, actor, text }: { at: number; actor: string; text: string },
): Promise<void> {
  if (incident !== null) await recordFacts(tx, incident, [{ at, kind: 'runbook', actor, text }]);
}

function refuseEnded({ state, title }: Checklist): void {
  if (state === 'open') return;
  throw new YumOpsError('checklist_over', `"${title}" is ${state}: nothing of it changes any more.`, { status: 409 });
}

async function markStep(
  { db, audit }: ChecklistsOptions,
  id: string,
  { step, state, note: remark }: { step: number; state: ChecklistMark['state'] | null; note: string },
  { actor, now }: Change,
): Promise<void> {
  await db.transaction(async (tx) => {
    const { list, runbook } = await lockChecklist(tx, id);
    refuseEnded(list);
    const part = runbook.parts.find((one) => one.type === 'step' && one.step === step);
    if (!part) throw new YumOpsError('checklist_step', `"${list.title}" has no step ${step + 1}.`, { status: 400 });
    if (state === null) await tx.query('DELETE FROM checklist_marks WHERE checklist_id = $1 AND step = $2', [id, step]);
    else {
      await tx.query(
        `INSERT INTO checklist_marks (checklist_id, step, state, note, by, at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (checklist_id, step) DO UPDATE SET state = excluded.state, note = excluded.note,
           by = excluded.by, at = excluded.at`,
        [id, step, state, remark, actor, new Date(now)],
      );
    }
    const text = `${list.title}, step ${step + 1} ${state ?? 'open again'}: ${plainStep(part.markdown)}${remark === '' ? '' : ` (${remark})`}`;
    await note(tx, list.incident, { at: now, actor, text });
    await audit(tx, { at: now, actor, action: 'checklist.mark', target: id, detail: { step, state, note: remark } });
  });
}

/** The first line of a step without its markup. */
export function plainStep(markdown: string): string {
  const text = markdown.replaceAll(/\[([^\]]+)\]\(action:[^)]*\)/g, '').replaceAll(/\[([^\]]+)\]\([^)]*\)/g, '$1');
  return text.replaceAll(/[*`_]/g, '').replaceAll(/\s+/g, ' ').trim().slice(0, 200);
}

async function act(options: ChecklistsOptions, id: string, index: number, { actor, now }: Change): Promise<void> {
  const { db, audit } = options;
  const { list, runbook } = await db.transaction((tx) => lockChecklist(tx, id));
  refuseEnded(list);
  const asked = runbook.actions.find((action) => action.index === index);
  const action = asked && options.actions.get(asked.name);
  if (!asked || !action) {
    throw new YumOpsError('unknown_action', `"${list.title}" has no action ${asked?.name ?? index} that is known.`, {
      hint: 'The guide lists the actions that a runbook may use.',
      status: 400,
    });
  }
  const { ok, result } = await action.run(asked.parameters, { incident: list.incident, actor, now }).then(
    (text) => ({ ok: true, result: text }),
    (error: unknown) => ({ ok: false, result: messageOf(error) }),
  );
  await db.transaction((tx) => recordDeed(tx, audit, { list, asked, ok, result, actor, now }));
}

async function recordDeed(
  tx: Queryable,
  audit: Audit,
  deed: { list: Checklist; asked: RunbookAction; ok: boolean; result: string; actor: string; now: number },
): Promise<void> {
  const { list, asked, ok, result, actor, now } = deed;
  const { index, name, label, parameters } = asked;
  await tx.query(
    'INSERT INTO checklist_deeds (checklist_id, action, name, by, at, ok, result) VALUES ($1, $2, $3, $4, $5, $6, $7)',
    [list.id, index, name, actor, new Date(now), ok, result.slice(0, 20_000)],
  );
  const [line = ''] = result.split('\n');
  await note(tx, list.incident, { at: now, actor, text: `${label}: ${ok ? '' : 'failed: '}${line}` });
  const detail = { name, parameters, ok, result: result.slice(0, 500) };
  await audit(tx, { at: now, actor, action: 'checklist.act', target: list.id, detail });
}

async function endChecklist(
  { db, audit }: ChecklistsOptions,
  id: string,
  { state, result }: { state: 'done' | 'abandoned'; result: string },
  { actor, now }: Change,
): Promise<Checklist> {
  return db.transaction(async (tx) => {
    const { list } = await lockChecklist(tx, id);
    refuseEnded(list);
    await tx.query('UPDATE checklists SET state = $2, result = $3, ended_by = $4, ended_at = $5 WHERE id = $1', [
      id,
      state,
      result,
      actor,
      new Date(now),
    ]);
    await note(tx, list.incident, {
      at: now,
      actor,
      text: `${list.title}: ${state}${result === '' ? '' : `, ${result}`}`,
    });
    await audit(tx, { at: now, actor, action: 'checklist.end', target: id, detail: { state, result } });
    return { ...list, state, result, endedBy: actor, endedAt: new Date(now).toISOString() };
  });
}
