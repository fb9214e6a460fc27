import type { ActionPlan, ActionResult, ActionStatus, Evidence, Outcome } from '@yumops/protocol';
import type { Clock } from '../../../lib/clock.ts';
import type { ServerFacts } from '../server-facts.ts';
import type { MaintainedDatabase } from './maintained-database.ts';
import type { MaintenanceSettings } from './settings.ts';

export type { ActionPlan, ActionResult, ActionStatus, Evidence, Outcome };

/** What planning looks at. */
export interface PlanContext {
  db: MaintainedDatabase;
  server: ServerFacts;
  settings: MaintenanceSettings;
  /** Milliseconds since the epoch. */
  now: number;
  /** Whether somebody asked for this task alone. */
  alone: boolean;
}

/** Where an action works. */
export interface Worksite extends Omit<PlanContext, 'now' | 'alone'> {
  clock: Clock;
  /** Aborts when the run is to stop. */
  signal: AbortSignal;
  /** Told how far the action is, 0 to 1. */
  progress(share: number): void;
  /** Told what the action waits for before it goes on; null when it does. */
  waits(why: string | null): void;
  /** Takes something that came to light in the work and is a result of its own. */
  report(result: ActionResult): void;
}

/** A planned action that can be done. */
export interface MaintenanceAction extends ActionPlan {
  perform(site: Worksite): Promise<Outcome>;
}

/** Finds what a task has to do, most urgent first. */
export type Planner = (context: PlanContext) => Promise<MaintenanceAction[]>;

export const done = (after: Evidence | null = null): Outcome => ({ status: 'done', after, error: null });

export const failed = (error: string, after: Evidence | null = null): Outcome => ({ status: 'failed', after, error });

export const skipped = (error: string | null): Outcome => ({ status: 'skipped', after: null, error });

/** What an action was going to do, without the way to do it. */
export function planOf({ task, object, statement, reason, before }: MaintenanceAction): ActionPlan {
  return { task, object, statement, reason, before };
}
