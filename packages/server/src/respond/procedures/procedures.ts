import type { Checklist } from '@yumops/protocol';
import { parseDuration } from '../../lib/duration.ts';
import { codeOf, YumOpsError } from '../../lib/errors.ts';
import type { Checklists } from '../runbooks/index.ts';
import type { StatusPage } from '../statuspage/index.ts';
import type { Windows } from '../windows/index.ts';

/** Who makes a change, and when: ms since the epoch. */
export interface Change {
  actor: string;
  now: number;
}

/** A procedure that somebody begins now. */
export interface ProcedureStart {
  /** Id of the procedure. */
  procedure: string;
  /** How long it takes, such as `30m`. */
  for: string;
  /** Alerts wait meanwhile, and the time does not count; left out = they do not. Nothing named = everything. */
  window?:
    | { reason?: string | undefined; services?: string[] | undefined; monitors?: string[] | undefined }
    | undefined;
  /** What visitors are told; left out = nothing. `components`: ids. */
  notice?: { title: string; body: string; components: readonly string[] } | undefined;
}

export interface ProcedureDeps {
  checklists: Checklists;
  windows: Windows;
  page: StatusPage;
}

/** Planned work with a checklist, a window and a notice that belong together. */
export interface Procedures {
  /**
   * Begins a procedure. Where a part of it is refused nothing of it stays.
   * @returns id of its checklist
   * @throws YumOpsError `invalid_procedure` (400), and what windows and the status page refuse
   */
  begin(start: ProcedureStart, by: Change): Promise<string>;
  /** Ends it: its window now, and its notice as completed. @throws YumOpsError `checklist_over` (409) */
  end(id: string, end: { state: 'done' | 'abandoned'; result: string }, by: Change): Promise<Checklist>;
}

export function createProcedures(deps: ProcedureDeps): Procedures {
  return {
    begin: (start, by) => begin(deps, start, by),
    end: (id, end, by) => endProcedure(deps, id, end, by),
  };
}

async function begin({ checklists, windows, page }: ProcedureDeps, start: ProcedureStart, by: Change): Promise<string> {
  const runbook = checklists.runbook(start.procedure);
  const lasts = parseDuration(start.for);
  if (runbook.kind !== 'procedure' || lasts === undefined || lasts < 60_000) {
    throw new YumOpsError('invalid_procedure', `"${runbook.title}" cannot be begun for ${start.for}.`, {
      hint: 'Name a procedure, and a time of a minute at least, such as 30m.',
      status: 400,
    });
  }
  const window = start.window && (await windows.add(windowOf(runbook.title, start, by.now), by));
  try {
    const { notice } = start;
    const post =
      notice &&
      (await page.add(
        {
          ...{ kind: 'maintenance', title: notice.title, body: notice.body, publish: true },
          components: notice.components.map((id) => ({ id, status: 'under_maintenance' })),
          ...{ scheduledStart: by.now, scheduledEnd: by.now + lasts },
        },
        by,
      ));
    return await checklists.begin(start.procedure, { window: window?.id ?? null, notice: post?.id ?? null }, by);
  } catch (error) {
    if (window) await windows.end(window.id, by);
    throw error;
  }
}

/** From the minute that goes on: windows know no seconds. */
function windowOf(title: string, { for: lasts, window = {} }: ProcedureStart, now: number) {
  const { reason = '', services, monitors } = window;
  return {
    ...{
      kind: 'maintenance' as const,
      name: title,
      from: new Date(now).toISOString().slice(0, 16),
      for: lasts,
      reason,
    },
    ...(services && { services }),
    ...(monitors && { monitors }),
  };
}

async function endProcedure(
  { checklists, windows, page }: ProcedureDeps,
  id: string,
  end: { state: 'done' | 'abandoned'; result: string },
  by: Change,
): Promise<Checklist> {
  const list = await checklists.end(id, end, by);
  if (list.window !== null) await windows.end(list.window, by).catch(unlessOver);
  if (list.notice !== null) {
    const body = await page.suggest(list.notice, 'completed');
    await page.update(list.notice, { status: 'completed', body }, by);
  }
  return list;
}

/** A window that has run out needs no end. */
function unlessOver(error: unknown): void {
  if (codeOf(error) !== 'unknown_window') throw error;
}
