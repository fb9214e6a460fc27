import type { MaintenanceProgress } from '@yumops/protocol';
import type { Clock } from '../../../lib/clock.ts';
import { YumOpsError } from '../../../lib/errors.ts';
import { uuidv7 } from '../../../lib/random.ts';
import { readServerFacts } from '../server-facts.ts';
import {
  type ActionPlan,
  type ActionResult,
  failed,
  type MaintenanceAction,
  type Outcome,
  type PlanContext,
  type Planner,
  planOf,
  skipped,
  type Worksite,
} from './action.ts';
import type { MaintenanceLedger, Pause, RunStart, RunStatus } from './ledger.ts';
import type { MaintainedDatabase } from './maintained-database.ts';
import { planAmcheck } from './plan/amcheck.ts';
import { planConstraints } from './plan/constraints.ts';
import { planReindex, sweepLeftovers } from './plan/reindex.ts';
import { planRetention } from './plan/retention.ts';
import { planAnalyze, planFreeze, planVacuum } from './plan/tables.ts';
import { waitUntilCalm } from './run/calm.ts';
import { reasonOf } from './run/execute.ts';
import { restAfterAction } from './run/pace.ts';
import type { MaintenanceSettings } from './settings.ts';
import { MAINTENANCE_TASKS, type MaintenanceTask } from './task.ts';

const PLANNERS: Readonly<Record<MaintenanceTask, Planner>> = {
  retention: planRetention,
  vacuum: planVacuum,
  freeze: planFreeze,
  reindex: planReindex,
  amcheck: planAmcheck,
  constraints: planConstraints,
  analyze: planAnalyze,
};

/** What a run is to do. */
export interface MaintenanceRequest {
  /** Name of the database. */
  database: string;
  tasks: readonly MaintenanceTask[];
  /** Whether constraints that no row breaks are validated, whatever the settings say. */
  approve: boolean;
  startedBy: string;
  trigger: RunStart['trigger'];
}

export interface MaintenanceDeps {
  settings: MaintenanceSettings;
  connect(): Promise<MaintainedDatabase>;
  ledger: MaintenanceLedger;
  clock: Clock;
  /** Ends the run: the statement of the moment is cancelled and cleaned up after. */
  signal: AbortSignal;
  onStart?(run: RunStart): void;
  /** The database is let go; what is left is to write that down. */
  onRelease?(): void;
  onProgress?(progress: MaintenanceProgress): void;
}

export interface MaintenanceReport extends RunStart {
  finishedAt: number;
  status: Exclude<RunStatus, 'running' | 'interrupted'>;
  /** Why it ended before its time; null when it did not. */
  error: string | null;
  actions: ActionResult[];
}

/** Milliseconds between two words to the ledger, which tell where the run is and hear whether it is to end. */
const BEAT_MS = 1_000;
/** How long a run that is stopped stays to clean up, at most. */
const PATIENCE_OF_STOPPED_MS = 10_000;

async function open(database: string, db: MaintainedDatabase): Promise<Pick<PlanContext, 'db' | 'server'>> {
  const server = await readServerFacts(db);
  if (server.standby) {
    throw new YumOpsError('standby', `The database "${database}" is a standby and takes no changes.`, {
      hint: 'Give the address of its primary under maintenance or databases.',
      status: 409,
    });
  }
  return { db, server };
}

/**
 * What a run would do now, without doing it and without a lease.
 * @throws YumOpsError `standby`, `database_unavailable`
 */
export async function planMaintenance(
  { database, tasks }: Pick<MaintenanceRequest, 'database' | 'tasks'>,
  { settings, connect, clock }: Pick<MaintenanceDeps, 'settings' | 'connect' | 'clock'>,
): Promise<ActionPlan[]> {
  const db = await connect();
  try {
    const context = { ...(await open(database, db)), settings, now: clock.now(), alone: tasks.length === 1 };
    const actions: ActionPlan[] = [];
    for (const task of inOrder(tasks)) actions.push(...(await PLANNERS[task](context)).map(planOf));
    return actions;
  } finally {
    await db.close();
  }
}

function inOrder(tasks: readonly MaintenanceTask[]): MaintenanceTask[] {
  return MAINTENANCE_TASKS.filter((task) => tasks.includes(task));
}

export function refusePaused(database: string, pause: Pause | null): void {
  if (pause === null) return;
  throw new YumOpsError(
    'maintenance_paused',
    `Maintenance of "${database}" is stopped by ${pause.by}: ${pause.reason}`,
    { hint: 'Let it go on with `yumops maintain --resume`.', status: 409 },
  );
}

/**
 * Runs tasks of upkeep on a database: one runner at a time, each action when the server has room, each written down
 * with what was measured before and after. What was done stays done when it ends early; the next run plans anew.
 * @throws YumOpsError `maintenance_paused`, `maintenance_running`, `standby`, `pooled_connection`, `database_unavailable`
 */
export async function runMaintenance(request: MaintenanceRequest, deps: MaintenanceDeps): Promise<MaintenanceReport> {
  const { database } = request;
  refusePaused(database, await deps.ledger.pauseOf(database));
  const db = await deps.connect();
  try {
    const context = await open(database, db);
    if (!(await db.takeLease())) {
      throw new YumOpsError('maintenance_running', `Maintenance of "${database}" runs already.`, {
        hint: 'Wait for its end, or stop it: see the page Database, or `yumops maintain --stop`.',
        status: 409,
      });
    }
    return await new Run(request, deps, context).whole();
  } finally {
    await db.close();
  }
}

/** Why a run ends early. */
class Ended extends Error {}

class Run {
  readonly #deps: MaintenanceDeps;
  readonly #start: RunStart;
  readonly #context: Pick<PlanContext, 'db' | 'server'>;
  readonly #stopping = new AbortController();
  readonly #actions: ActionResult[] = [];
  #progress: MaintenanceProgress | null = null;
  /** What came to light in the action of the moment. */
  readonly #reported: ActionResult[] = [];

  constructor(request: MaintenanceRequest, deps: MaintenanceDeps, context: Pick<PlanContext, 'db' | 'server'>) {
    const now = deps.clock.now();
    const { approve, database, startedBy, trigger } = request;
    const validateConstraints = approve || deps.settings.validateConstraints;
    this.#deps = { ...deps, settings: { ...deps.settings, validateConstraints } };
    this.#context = context;
    this.#start = { id: uuidv7(now), database, startedBy, trigger, tasks: inOrder(request.tasks), startedAt: now };
  }

  async whole(): Promise<MaintenanceReport> {
    const { ledger, clock, signal, onStart } = this.#deps;
    const start = this.#start;
    await ledger.begin(start);
    onStart?.(start);
    const stop = () => this.#stopping.abort(new Ended('It was stopped.'));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    const over = new AbortController();
    const watching = this.#keepLedger(over.signal);
    let error: string | null = null;
    try {
      for (const task of start.tasks) await this.#task(task);
      this.#stopping.signal.throwIfAborted();
    } catch (thrown) {
      error = reasonOf(this.#stopping.signal.aborted ? this.#stopping.signal.reason : thrown);
    }
    try {
      await this.#sweep();
    } catch (thrown) {
      error ??= reasonOf(thrown);
    } finally {
      signal.removeEventListener('abort', stop);
      over.abort();
      await watching;
    }
    const wrong = error !== null || this.#actions.some((action) => action.error !== null);
    const status = this.#stopping.signal.aborted ? 'cancelled' : wrong ? 'failed' : 'done';
    // Whoever reads that it has ended may begin the next at once.
    await this.#context.db.close();
    this.#deps.onRelease?.();
    const finishedAt = clock.now();
    await ledger.finish(start, status, finishedAt, error);
    return { ...start, finishedAt, status, error, actions: this.#actions };
  }

  /** What a rebuild left that nobody could drop at once is not left for good. */
  async #sweep(): Promise<void> {
    const { settings, clock } = this.#deps;
    if (!this.#start.tasks.includes('reindex')) return;
    const signal = new AbortController().signal;
    const site = this.#site(signal, () => undefined);
    const patience = this.#stopping.signal.aborted
      ? Math.min(PATIENCE_OF_STOPPED_MS, settings.patience)
      : settings.patience;
    for (const action of await sweepLeftovers(site, patience)) {
      await this.#record({ ...planOf(action), ...(await action.perform(site)) }, clock.now());
    }
  }

  /** Anybody may end it, on any instance, and sees there where it is. */
  async #keepLedger(over: AbortSignal): Promise<void> {
    const { ledger, clock } = this.#deps;
    while (!over.aborted) {
      // A ledger that cannot be reached is met by the next record.
      const why = await ledger.heard(this.#start, this.#progress).catch(() => null);
      if (why !== null) this.#stopping.abort(new Ended(why));
      await clock.sleep(BEAT_MS, over).catch(() => undefined);
    }
  }

  async #task(task: MaintenanceTask): Promise<void> {
    const { settings, clock } = this.#deps;
    this.#stopping.signal.throwIfAborted();
    this.#tell(task, null, 0, 0, 0);
    let actions: MaintenanceAction[];
    try {
      const alone = this.#start.tasks.length === 1;
      actions = await PLANNERS[task]({ ...this.#context, settings, now: clock.now(), alone });
    } catch (error) {
      const plan: ActionPlan = {
        task,
        object: task,
        statement: '',
        reason: 'what is to be done must be known',
        before: null,
      };
      await this.#record({ ...plan, ...failed(`It could not be planned: ${reasonOf(error)}`) }, clock.now());
      return;
    }
    for (const [done, action] of actions.entries()) {
      this.#stopping.signal.throwIfAborted();
      this.#tell(task, action, done, actions.length, 0);
      const startedAt = clock.now();
      const outcome = await this.#perform(action, (share) => this.#tell(task, action, done, actions.length, share));
      await this.#record({ ...planOf(action), ...outcome }, startedAt);
      for (const result of this.#reported.splice(0)) await this.#record(result, startedAt);
      // A stop that comes meanwhile is met by the next action.
      await clock.sleep(restAfterAction(clock.now() - startedAt), this.#stopping.signal).catch(() => undefined);
    }
  }

  async #perform(action: MaintenanceAction, progress: (share: number) => void): Promise<Outcome> {
    const { settings, clock } = this.#deps;
    const { db } = this.#context;
    if (clock.now() - this.#start.startedAt > settings.window) return skipped('It was left out: the window is over.');
    if (!(await db.holdsLease())) throw new Ended('The lease is lost with the connection; another runner may begin.');
    const site = this.#site(this.#stopping.signal, progress);
    try {
      const busy = await waitUntilCalm(site);
      return busy === null ? await action.perform(site) : skipped(`It was left out: ${busy}.`);
    } catch (error) {
      return failed(reasonOf(this.#stopping.signal.aborted ? this.#stopping.signal.reason : error));
    }
  }

  #site(signal: AbortSignal, progress: Worksite['progress']): Worksite {
    const { settings, clock } = this.#deps;
    const report = (result: ActionResult) => void this.#reported.push(result);
    const waits = (waitsFor: string | null) => {
      if (this.#progress && this.#progress.waitsFor !== waitsFor) this.#show({ ...this.#progress, waitsFor });
    };
    return { ...this.#context, settings, clock, signal, progress, waits, report };
  }

  async #record(result: ActionResult, startedAt: number): Promise<void> {
    const { ledger, clock } = this.#deps;
    this.#actions.push(result);
    const finishedAt = clock.now();
    await ledger.record(this.#start, this.#actions.length, { ...result, startedAt, finishedAt });
  }

  #tell(task: MaintenanceTask, action: ActionPlan | null, done: number, total: number, share: number): void {
    const { object = null, statement = null } = action ?? {};
    this.#show({ runId: this.#start.id, task, object, statement, done, total, share, waitsFor: null });
  }

  #show(progress: MaintenanceProgress): void {
    this.#progress = progress;
    this.#deps.onProgress?.(progress);
  }
}
