import type { ActionPlan, MaintenanceProgress } from '@yumops/protocol';
import type { Clock } from '../../../lib/clock.ts';
import { YumOpsError } from '../../../lib/errors.ts';
import type { RunStart } from './ledger.ts';
import type { StoredLedger } from './ledger-store.ts';
import type { MaintainedDatabase } from './maintained-database.ts';
import { type MaintenanceReport, type MaintenanceRequest, planMaintenance, runMaintenance } from './run-maintenance.ts';
import type { MaintenanceSettings } from './settings.ts';
import type { MaintenanceTask } from './task.ts';

/** A database that can be maintained, and how. */
export interface MaintenanceTarget {
  /** Name of the database. */
  name: string;
  settings: MaintenanceSettings;
  connect(): Promise<MaintainedDatabase>;
}

export interface JobControl {
  signal?: AbortSignal;
  onProgress?(progress: MaintenanceProgress): void;
}

/** Runs maintenance in this process. Where a run is, and that it is to end, goes by the ledger. */
export class MaintenanceRunner {
  readonly #ledger: StoredLedger;
  readonly #clock: Clock;
  readonly #target: (database: string) => MaintenanceTarget;
  readonly #running = new Map<string, AbortController>();
  /** Those too that only have their end to write down. */
  readonly #open = new Set<Promise<unknown>>();

  /** @param target gives a database by its name; throws YumOpsError for one that cannot be maintained */
  constructor(options: { ledger: StoredLedger; clock: Clock; target(database: string): MaintenanceTarget }) {
    this.#ledger = options.ledger;
    this.#clock = options.clock;
    this.#target = options.target;
  }

  /**
   * Runs to the end: for jobs and commands.
   * @throws YumOpsError `maintenance_paused`, `maintenance_running`, `standby`, `database_unavailable`
   */
  async run(request: MaintenanceRequest, control: JobControl = {}): Promise<MaintenanceReport> {
    return this.#begin(request, control).ended;
  }

  /** What a run would do now. @throws YumOpsError `standby`, `database_unavailable` */
  async plan(database: string, tasks: readonly MaintenanceTask[]): Promise<ActionPlan[]> {
    return planMaintenance({ database, tasks }, { ...this.#target(database), clock: this.#clock });
  }

  /** Begins a run and comes back as soon as it has its lease; it goes on by itself. Throws as `run` does. */
  async start(request: MaintenanceRequest): Promise<RunStart> {
    const { started, ended } = this.#begin(request, {});
    ended.catch(() => undefined);
    return Promise.race([started, ended]);
  }

  #begin(request: MaintenanceRequest, { signal, onProgress }: JobControl) {
    const { database } = request;
    const { settings, connect } = this.#target(database);
    if (this.#running.has(database)) {
      throw new YumOpsError('maintenance_running', `Maintenance of "${database}" runs already.`, {
        hint: 'Wait for its end, or stop it.',
        status: 409,
      });
    }
    const stop = new AbortController();
    const release = () => this.#running.delete(database);
    let onStart: (run: RunStart) => void = () => undefined;
    const started = new Promise<RunStart>((resolve) => {
      onStart = resolve;
    });
    const ended = runMaintenance(request, {
      settings,
      connect,
      ledger: this.#ledger,
      clock: this.#clock,
      signal: signal === undefined ? stop.signal : AbortSignal.any([stop.signal, signal]),
      onStart,
      onRelease: release,
      ...(onProgress && { onProgress }),
    }).finally(() => {
      if (this.#running.get(database) === stop) release();
      this.#open.delete(ended);
    });
    this.#open.add(ended);
    this.#running.set(database, stop);
    return { started, ended };
  }

  /** Stops everything and waits until it is cleaned up. */
  async close(): Promise<void> {
    for (const stop of this.#running.values()) stop.abort();
    await Promise.allSettled(this.#open);
  }
}
