export type { SafeAction, SafeActions } from './actions.ts';
export { type Checklists, createChecklists } from './checklists.ts';
export { parseRunbook, type Runbook, type RunbookAction } from './parse.ts';
export { createShelf, type RunbookShelf } from './shelf.ts';
