import type { ArgsDef } from 'citty';
import type { BackupConfig } from '../../care/backup/index.ts';
import { readSettings } from '../../config/settings.ts';
import { keepAlive, systemClock } from '../../lib/clock.ts';
import { YumOpsError } from '../../lib/errors.ts';
import { createLog } from '../../lib/log.ts';
import { Pace } from '../../lib/pace.ts';
import { Backups, type Hooks } from '../../main/backup/backups.ts';
import { removeLeft } from '../../main/backup/left-behind.ts';
import { loadUsableConfig } from '../../main/config.ts';
import { commonArgs } from '../command.ts';
import { progressLine } from '../progress-line.ts';
import { configurationPath } from '../running-findings.ts';

/** Arguments of the commands about backups. They read configuration, key and store; no platform need run. */
export const backupArgs = {
  ...commonArgs,
  config: { type: 'string', description: 'Folder or file with yumops.yml (YUMOPS_CONFIG)', valueHint: 'DIR|FILE' },
  data: { type: 'string', description: 'Data folder (YUMOPS_DATA)', valueHint: 'DIR' },
} as const satisfies ArgsDef;

/** For commands that dump or restore. */
export const jobsArg = {
  jobs: { type: 'string', description: 'How many pg_dump or pg_restore run at once, 1 to 32', valueHint: 'N' },
} as const satisfies ArgsDef;

/** The number of `--jobs`; undefined = as it is configured. @throws YumOpsError `wrong_use` */
export function readJobs(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const jobs = Number(text);
  if (Number.isInteger(jobs) && jobs >= 1 && jobs <= 32) return jobs;
  throw new YumOpsError('wrong_use', `--jobs takes a whole number from 1 to 32, not "${text}".`, {
    hint: 'Such as --jobs 2.',
    status: 400,
  });
}

/** For commands that can read the second destination instead of the first, which they then do not need. */
export const fromArg = {
  from: {
    type: 'string',
    description: 'The destination that is read, as copy_to calls it (default name second); default first',
    valueHint: 'NAME',
  },
} as const satisfies ArgsDef;

/** How often progress is drawn, in milliseconds. */
const DRAW_EVERY = 200;

/** What a command gives to its work, and says itself. */
export interface CommandHooks extends Hooks {
  /** Writes text in the place of the progress. */
  print(text: string): void;
}

/** Opens the backups of the configuration for one command; Ctrl-C ends the work cleanly. */
export async function withBackups<Result>(
  args: { config?: string | undefined; data?: string | undefined; json?: boolean | undefined },
  work: (backups: Backups, hooks: CommandHooks) => Promise<Result>,
): Promise<Result> {
  const settings = readSettings(args);
  const log = createLog(systemClock, (line) => process.stderr.write(line), settings.logLevel);
  const { config } = loadUsableConfig(await configurationPath(settings), settings.env);
  await removeLeft({ clock: systemClock, log });
  const backups = new Backups({ settings, config, clock: systemClock, log });
  try {
    return await untilInterrupted(args.json === true, (hooks) => work(backups, hooks));
  } finally {
    await backups.close();
  }
}

/** Runs work that shows its progress, and that Ctrl-C ends cleanly; a second one ends the process. */
export async function untilInterrupted<Result>(
  quiet: boolean,
  work: (hooks: CommandHooks) => Promise<Result>,
): Promise<Result> {
  const abort = new AbortController();
  // It may wait for another process with nothing else under way.
  const letEnd = keepAlive();
  const end = () => abort.abort(new YumOpsError('interrupted', 'It was interrupted; nothing half-made was left.'));
  process.once('SIGINT', end).once('SIGTERM', end);
  const progress = drawProgress(quiet);
  try {
    const print = (text: string) => {
      progress.clear();
      process.stdout.write(text);
    };
    return await work({ progress: progress.report, signal: abort.signal, print });
  } finally {
    progress.clear();
    letEnd();
    process.off('SIGINT', end).off('SIGTERM', end);
  }
}

/** Progress on a terminal: how much, how fast, how long still. */
function drawProgress(quiet: boolean): { report: Hooks['progress']; clear(): void } {
  const { stderr } = process;
  if (quiet || !stderr.isTTY) return { report: () => undefined, clear: () => undefined };
  const pace = new Pace();
  let drawn = Number.NEGATIVE_INFINITY;
  return {
    report(done, total, what) {
      const now = systemClock.monotonic();
      const perSecond = pace.perSecond(done, what, now);
      if (now - drawn < DRAW_EVERY) return;
      drawn = now;
      stderr.write(`\r\u001b[K${progressLine(done, total, what, perSecond)}`);
    },
    clear: () => stderr.write('\r\u001b[K'),
  };
}

/** One backup by its name, or the only one, or all. @throws YumOpsError `wrong_use` */
export function chooseConfigs(backups: Backups, name: string | undefined): readonly BackupConfig[] {
  if (name !== undefined) return [backups.config(name)];
  if (backups.configs.length === 0) backups.config('nightly');
  return backups.configs;
}
