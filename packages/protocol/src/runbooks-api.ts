/** An item of `GET /api/v1/runbooks`: a runbook, or a procedure for planned work. */
export interface RunbookItem {
  id: string;
  title: string;
  kind: 'runbook' | 'procedure';
  /** The first paragraph, Markdown. */
  about: string;
  /** Names of the alerts that it goes with. */
  alerts: string[];
  steps: number;
  /** It came with YumOps; one of the same id beside the configuration wins. */
  shipped: boolean;
}

/** Text, or a step that somebody checks; in Markdown, actions are links whose address begins with `action:`. */
export type RunbookPart =
  | { type: 'text'; markdown: string }
  | { type: 'step'; step: number; markdown: string; actions: RunbookAction[] };

/** Something safe that the platform does when somebody asks for it. */
export interface RunbookAction {
  index: number;
  label: string;
  name: string;
  parameters: Record<string, string>;
  /** What it does, in one sentence; null = this version does not know it. */
  about: string | null;
}

/** `GET /api/v1/runbooks/:id` */
export interface RunbookDetail extends RunbookItem {
  parts: RunbookPart[];
}

/** A runbook or procedure that somebody follows: an item of `GET /api/v1/checklists`. */
export interface Checklist {
  id: string;
  runbook: string;
  title: string;
  kind: 'runbook' | 'procedure';
  /** Id of the incident in which it is followed. */
  incident: string | null;
  /** Id of the window that mutes alerts meanwhile. */
  window: string | null;
  /** Id of the notice on the status page. */
  notice: string | null;
  state: 'open' | 'done' | 'abandoned';
  /** What came of it. */
  result: string;
  startedBy: string;
  startedAt: string;
  endedBy: string | null;
  endedAt: string | null;
  steps: number;
  marked: number;
}

/** `GET /api/v1/checklists/:id` */
export interface ChecklistDetail extends Checklist {
  /** As the runbook was when it was begun. */
  parts: RunbookPart[];
  marks: ChecklistMark[];
  /** What was done by actions, oldest first. */
  deeds: ChecklistDeed[];
}

export interface ChecklistMark {
  step: number;
  state: 'done' | 'skipped' | 'failed';
  note: string;
  by: string;
  at: string;
}

export interface ChecklistDeed {
  action: number;
  name: string;
  by: string;
  at: string;
  ok: boolean;
  /** What came of it, plain text. */
  result: string;
}
