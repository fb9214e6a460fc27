import type { ActionResult } from '../../src/care/database/maintenance/action.ts';
import type { MaintenanceLedger, Pause, RunStart, RunStatus } from '../../src/care/database/maintenance/ledger.ts';
import {
  type MaintenanceDeps,
  type MaintenanceReport,
  planMaintenance,
  runMaintenance,
} from '../../src/care/database/maintenance/run-maintenance.ts';
import { DEFAULT_SETTINGS, type MaintenanceSettings } from '../../src/care/database/maintenance/settings.ts';
import { MAINTENANCE_TASKS, type MaintenanceTask } from '../../src/care/database/maintenance/task.ts';
import { DEFAULT_THRESHOLDS } from '../../src/care/database/thresholds.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { connectMaintained } from '../../src/store/monitored/index.ts';

/** Settings of a test: it has no patience. */
export function settings(own: Partial<MaintenanceSettings> = {}): MaintenanceSettings {
  return {
    profile: 'plain',
    thresholds: DEFAULT_THRESHOLDS,
    capacity: null,
    retention: [],
    ...DEFAULT_SETTINGS,
    lockTimeout: 200,
    lockRetries: 1,
    retryPause: 20,
    pause: 0,
    patience: 0,
    window: 3_600_000,
    ...own,
  };
}

/** A ledger that forgets everything but this. */
export class MemoryLedger implements MaintenanceLedger {
  readonly actions: ActionResult[] = [];
  readonly ends: RunStatus[] = [];
  pause: Pause | null = null;

  async begin(): Promise<void> {}

  async record(_run: RunStart, _place: number, action: ActionResult): Promise<void> {
    this.actions.push(action);
  }

  async heard(): Promise<string | null> {
    return this.pause && `It was stopped by ${this.pause.by}: ${this.pause.reason}`;
  }

  async finish(_run: RunStart, status: RunStatus): Promise<void> {
    this.ends.push(status);
  }

  async pauseOf(): Promise<Pause | null> {
    return this.pause;
  }
}

type Own = Partial<MaintenanceSettings> & Partial<Pick<MaintenanceDeps, 'ledger' | 'signal' | 'onProgress'>>;

/** Runs tasks as the platform does. */
export function maintain(
  url: string,
  tasks: readonly MaintenanceTask[] = MAINTENANCE_TASKS,
  { ledger = new MemoryLedger(), signal = new AbortController().signal, onProgress, ...own }: Own = {},
): Promise<MaintenanceReport> {
  return runMaintenance(
    { database: 'main', tasks, approve: false, startedBy: 'test', trigger: 'manual' },
    {
      settings: settings(own),
      connect: () => connectMaintained('main', url),
      ledger,
      clock: systemClock,
      signal,
      ...(onProgress === undefined ? {} : { onProgress }),
    },
  );
}

/** What would be done. */
export function plan(url: string, tasks: readonly MaintenanceTask[] = MAINTENANCE_TASKS, own: Own = {}) {
  return planMaintenance(
    { database: 'main', tasks },
    { settings: settings(own), connect: () => connectMaintained('main', url), clock: systemClock },
  );
}
