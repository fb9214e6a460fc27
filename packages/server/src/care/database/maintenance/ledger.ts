import type {
  MaintenanceProgress,
  MaintenancePause as Pause,
  MaintenanceRunStatus as RunStatus,
} from '@yumops/protocol';
import type { ActionResult } from './action.ts';
import type { MaintenanceTask } from './task.ts';

export type { Pause, RunStatus };

/** A run as it begins. */
export interface RunStart {
  id: string;
  database: string;
  tasks: readonly MaintenanceTask[];
  /** Person, token or part of the platform. */
  startedBy: string;
  trigger: 'schedule' | 'manual';
  /** Milliseconds since the epoch. */
  startedAt: number;
}

/** Keeps what was done, and by whose wish; each entry with its row in the audit log. */
export interface MaintenanceLedger {
  /** Begins a run; what of the same database still counts as running was interrupted. */
  begin(run: RunStart): Promise<void>;
  /**
   * Says that a run goes on, and where it is; called about every second.
   * @returns why it is to end; null while it may go on
   */
  heard(run: RunStart, progress: MaintenanceProgress | null): Promise<string | null>;
  record(run: RunStart, place: number, action: ActionResult & { startedAt: number; finishedAt: number }): Promise<void>;
  finish(run: RunStart, status: RunStatus, at: number, error: string | null): Promise<void>;
  /** The kill switch of a database; null while maintenance may run. */
  pauseOf(database: string): Promise<Pause | null>;
}
