import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import type { ActionPlan, ActionResult, DatabaseItem, MaintenanceProgress, Page } from '@yumops/protocol';
import { defineCommand } from 'citty';
import {
  MAINTENANCE_TASKS,
  type MaintenanceReport,
  MaintenanceRunner,
  type MaintenanceTarget,
  type MaintenanceTask,
  planMaintenance,
  readTask,
  TASK_MEANINGS,
} from '../care/database/index.ts';
import { readSettings, type Settings } from '../config/settings.ts';
import { systemClock } from '../lib/clock.ts';
import { YumOpsError } from '../lib/errors.ts';
import { didYouMean } from '../lib/nearest.ts';
import { loadUsableConfig } from '../main/config.ts';
import { maintenanceLedger, maintenanceTarget } from '../main/maintenance.ts';
import { readRunFile } from '../main/run-file.ts';
import { openOfflineState } from '../main.ts';
import { type Client, withClient } from './client.ts';
import { platformArgs, printJson } from './command.ts';
import { chooseNamed } from './database/open.ts';
import { progressOn } from './progress.ts';

/** The clock's own timers would let the command end while it waits. */
const POLL_MS = 500;

/** What a run did, here or in the running platform. */
type Result = Pick<MaintenanceReport, 'id' | 'database' | 'status' | 'error' | 'actions'>;

/** What is asked for. */
interface Wish {
  tasks: readonly MaintenanceTask[];
  /** Whether constraints that no row breaks are validated. */
  approve: boolean;
}

interface RunAnswer extends Omit<Result, 'status'> {
  status: MaintenanceReport['status'] | 'running' | 'interrupted';
  progress: MaintenanceProgress | null;
}

function readTasks(name: string | undefined): readonly MaintenanceTask[] {
  if (name === undefined) return MAINTENANCE_TASKS;
  const task = readTask(name);
  if (task) return [task];
  throw new YumOpsError('wrong_use', `There is no task "${name}".`, {
    hint: didYouMean(name, MAINTENANCE_TASKS) ?? `There are: ${MAINTENANCE_TASKS.join(', ')}.`,
    status: 400,
  });
}

function describe(progress: MaintenanceProgress): string {
  const { task, object, done, total, share, waitsFor } = progress;
  if (object === null) return `${task}: looking`;
  const part = share > 0 ? `, ${Math.round(share * 100)} %` : '';
  const wait = waitsFor === null ? '' : `, waits: ${waitsFor}`;
  return `${task}: ${object} (${done + 1} of ${total}${part})${wait}`;
}

/** Runs it in this process, with the state store of the data folder opened for it. */
async function runHere(
  target: MaintenanceTarget,
  { tasks, approve }: Wish,
  settings: Settings,
  show: (line: string) => void,
): Promise<Result> {
  show('opening the state store');
  const state = await openOfflineState(settings);
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  try {
    const runner = new MaintenanceRunner({
      ledger: maintenanceLedger(state.db),
      clock: systemClock,
      target: () => target,
    });
    const startedBy = `${userInfo().username} (command line)`;
    const request = { database: target.name, tasks, approve, startedBy, trigger: 'manual' as const };
    return await runner.run(request, { signal: stop.signal, onProgress: (progress) => show(describe(progress)) });
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
    await state.stop();
  }
}

/** Has the running platform do it, and waits. */
async function runThere(client: Client, database: string, wish: Wish, show: (line: string) => void): Promise<Result> {
  const path = `/api/v1/databases/${encodeURIComponent(database)}/maintenance`;
  const { id } = await client.post<{ id: string }>(path, wish);
  const stop = () => void client.post(`${path}/stop`).catch(() => undefined);
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    for (;;) {
      const { progress, ...run } = await client.get<RunAnswer>(`${path}/runs/${id}`);
      if (run.status !== 'running') return run as Result;
      if (progress) show(describe(progress));
      await pause(POLL_MS);
    }
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}

function formatPlan({ task, object, reason, statement }: ActionPlan): string {
  return `${task.padEnd(11)}  ${object}: ${reason}\n             ${statement || '(nothing to run)'}\n`;
}

const MARKS = { done: 'done   ', skipped: 'skipped', failed: 'FAILED ' } as const;

function formatResult(action: ActionResult): string {
  const measured = Object.keys({ ...action.before, ...action.after }).map((name) => {
    const [before, after] = [action.before?.[name], action.after?.[name]];
    if (before === undefined || after === undefined) return `${name} ${before ?? after ?? '?'}`;
    return `${name} ${before ?? '?'} → ${after ?? '?'}`;
  });
  const evidence = measured.length > 0 ? `\n         ${measured.join(', ')}` : '';
  const error = action.error === null ? '' : `\n         ${action.error}`;
  return `${MARKS[action.status]}  ${action.task} ${action.object}: ${action.reason}${evidence}${error}\n`;
}

function formatEnd({ status, error, actions, database }: Result): string {
  const of = (wanted: ActionResult['status']) => actions.filter((action) => action.status === wanted).length;
  const head = { done: 'Done', failed: 'Done in part', cancelled: 'Stopped' }[status] ?? status;
  if (actions.length === 0 && error === null) return `There was nothing to do on "${database}".\n`;
  const counts = `${of('done')} done, ${of('skipped')} skipped, ${of('failed')} failed`;
  return `${head} on "${database}": ${counts}.${error === null ? '' : ` ${error}`}\n`;
}

async function control(
  args: { pause?: string | undefined; resume?: boolean | undefined },
  settings: Settings,
  name: string,
) {
  const path = `/api/v1/databases/${encodeURIComponent(name)}/maintenance`;
  await withClient(settings, async (client) => {
    if (args.pause !== undefined) await client.post(`${path}/pause`, { reason: args.pause });
    else if (args.resume) await client.post(`${path}/resume`);
    else await client.post(`${path}/stop`);
  });
}

const CONTROL_DONE = {
  pause: 'Maintenance is stopped, and does not begin again until --resume.',
  resume: 'Maintenance may run again.',
  stop: 'The run is being stopped.',
};

/** The database that is meant, and how it is reached: null where only the running platform knows. */
interface Choice {
  name: string;
  target: MaintenanceTarget | null;
}

const isRunning = async ({ dataDir }: Settings) => existsSync(dataDir) && (await readRunFile(dataDir)) !== undefined;

/** Of the configuration that is named, else of the running platform, else of the working folder. */
async function choose(settings: Settings, named: string | undefined): Promise<Choice> {
  if (settings.config !== undefined || !(await isRunning(settings))) {
    const target = maintenanceTarget(loadUsableConfig(settings.config, settings.env).config, named);
    return { name: target.name, target };
  }
  const { items } = await withClient(settings, (client) => client.get<Page<DatabaseItem>>('/api/v1/databases'));
  const scheduled = items.filter(({ maintenance }) => maintenance.schedule !== null);
  const [only, ...others] = chooseNamed(named === undefined && scheduled.length > 0 ? scheduled : items, named);
  if (only && others.length === 0) return { name: only.name, target: null };
  throw new YumOpsError('wrong_use', 'Several databases are configured.', {
    hint: `Name one of them with --database: ${items.map(({ name }) => name).join(', ')}.`,
    status: 400,
  });
}

async function planOf({ name, target }: Choice, tasks: readonly MaintenanceTask[], settings: Settings) {
  if (target) return planMaintenance({ database: name, tasks }, { ...target, clock: systemClock });
  const path = `/api/v1/databases/${encodeURIComponent(name)}/maintenance/plan`;
  return (await withClient(settings, (client) => client.post<Page<ActionPlan>>(path, { tasks }))).items;
}

async function dryRun(choice: Choice, tasks: readonly MaintenanceTask[], settings: Settings, json: boolean) {
  const actions = await planOf(choice, tasks, settings);
  if (json) printJson({ actions });
  else process.stdout.write(actions.map(formatPlan).join('') || `There is nothing to do on "${choice.name}".\n`);
  return 0;
}

const TASK_HELP = MAINTENANCE_TASKS.map((task) => `${task} (${TASK_MEANINGS[task]})`).join('; ');

export const maintain = defineCommand({
  meta: {
    name: 'yumops maintain',
    description: `Upkeep of a database, by need. Tasks: ${TASK_HELP}. Exit 1 when an action failed or was left out`,
  },
  args: {
    ...platformArgs,
    task: { type: 'positional', required: false, description: 'One task; default all', valueHint: 'TASK' },
    database: { type: 'string', description: 'Name under databases; default that of maintenance', valueHint: 'NAME' },
    'dry-run': { type: 'boolean', description: 'Say what would be done, and do nothing' },
    approve: { type: 'boolean', description: 'Validate constraints that no row breaks' },
    pause: { type: 'string', description: 'Stop what runs and let nothing begin', valueHint: 'REASON' },
    resume: { type: 'boolean', description: 'Let it run again' },
    stop: { type: 'boolean', description: 'Stop what runs now' },
  },
  async run({ args }) {
    const settings = readSettings(args);
    const tasks = readTasks(args.task);
    const choice = await choose(settings, args.database);
    const asked = (['pause', 'resume', 'stop'] as const).find(
      (name) => args[name] !== undefined && args[name] !== false,
    );
    if (asked) {
      await control(args, settings, choice.name);
      if (args.json) printJson({ database: choice.name, [asked]: true });
      else process.stdout.write(`${CONTROL_DONE[asked]}\n`);
      return 0;
    }
    if (args['dry-run']) return dryRun(choice, tasks, settings, args.json === true);
    const progress = progressOn(process.stderr);
    try {
      const result = await perform(choice, { tasks, approve: args.approve === true }, settings, progress.show);
      progress.clear();
      if (args.json) printJson(result);
      else process.stdout.write(`${result.actions.map(formatResult).join('')}${formatEnd(result)}`);
      return result.status === 'done' ? 0 : 1;
    } finally {
      progress.clear();
    }
  },
});

async function perform(
  { name, target }: Choice,
  wish: Wish,
  settings: Settings,
  show: (line: string) => void,
): Promise<Result> {
  if (target && !(await isRunning(settings))) return runHere(target, wish, settings, show);
  return withClient(settings, (client) => runThere(client, name, wish, show));
}
