import type {
  BackupConfig,
  BackupProblem,
  CatalogueEntry,
  CopyState,
  DrillRecord,
  KitConfirmation,
  Recoverable,
} from '../../care/backup/index.ts';
import { backupProblems, copyProblems, kitProblem, regularOf } from '../../care/backup/index.ts';
import type { Clock } from '../../lib/clock.ts';
import { messageOf, YumOpsError } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { Loop } from '../../lib/loop.ts';
import type { TelemetryRow, TelemetryWriter } from '../../lib/telemetry.ts';
import type { WatchedCondition } from '../../respond/alerting/index.ts';
import type { Backups } from './backups.ts';

/** Milliseconds between two looks into the stores. */
const EVERY = 5 * 60_000;

/** What was seen of one backup at the last look. */
export interface SeenBackup {
  name: string;
  entries: readonly CatalogueEntry[];
  recoverable: Recoverable;
  drills: readonly DrillRecord[];
  problems: readonly BackupProblem[];
  /** Null where there is no second destination. */
  copy: CopyState | null;
  /** Who confirmed to keep the recovery kit; null = nobody, or nobody can say. */
  kit: KitConfirmation | null;
  /** When, milliseconds since the epoch. */
  at: number;
}

const DRILLS = 12;

export interface WatchContext {
  /** The backups of the configuration as it is now. */
  open(): Backups;
  writer: TelemetryWriter;
  service: string;
  clock: Clock;
  log: Log;
  /** Is told once of each drill that failed since the start, whoever ran it. */
  failedDrill(drill: DrillRecord): Promise<unknown>;
}

/** Looks into the stores of backups from time to time: what is wrong goes to the alert path, ages become metrics. */
export class BackupWatch {
  readonly #open: () => Backups;
  readonly #writer: TelemetryWriter;
  readonly #service: string;
  readonly #clock: Clock;
  readonly #failedDrill: (drill: DrillRecord) => Promise<unknown>;
  readonly #since: number;
  /** Failed drills that somebody was told of. */
  readonly #told = new Set<string>();
  #seen = new Map<string, SeenBackup>();
  readonly #loop: Loop;

  constructor(context: WatchContext) {
    this.#open = context.open;
    this.#writer = context.writer;
    this.#service = context.service;
    this.#clock = context.clock;
    this.#failedDrill = context.failedDrill;
    this.#since = context.clock.now();
    const log = context.log.child('backups');
    const work = async () => {
      await this.look();
      return EVERY;
    };
    this.#loop = new Loop(context.clock, work, (error) => {
      log.error('the backups could not be looked at', { error: messageOf(error) });
      return EVERY;
    });
  }

  start(): void {
    this.#loop.start();
  }

  async stop(): Promise<void> {
    await this.#loop.stop();
  }

  /** Looks again soon: a backup has ended. */
  nudge(): void {
    this.#loop.wake();
  }

  /** Looks at every backup now. */
  async look(): Promise<readonly SeenBackup[]> {
    const backups = this.#open();
    const seen = await Promise.all(
      backups.all.map(async (config) => {
        const first = await this.#seeFirst(backups, config);
        return this.#withCopy(config, first, await backups.copies.state(config, first.entries));
      }),
    );
    this.#seen = new Map(seen.map((item) => [item.name, item]));
    const rows = seen.flatMap((item) => this.#metrics(item));
    if (rows.length > 0) await this.#writer.append('metrics', rows);
    for (const { drills } of seen) await this.#tellOf(drills);
    return seen;
  }

  /**
   * Looks at one backup now. What its second destination holds is taken from the last look where there was one: that a
   * store far away does not answer keeps nobody from seeing the first.
   */
  async see(backups: Backups, name: string): Promise<SeenBackup> {
    const config = backups.config(name);
    const before = this.#seen.get(name)?.copy ?? null;
    const first = await this.#seeFirst(backups, config);
    const isSame = before !== null && before.name === config.copyTo?.name;
    return this.#withCopy(config, first, isSame ? before : await backups.copies.state(config, first.entries));
  }

  async #seeFirst(backups: Backups, config: BackupConfig): Promise<Omit<SeenBackup, 'copy'>> {
    const { name } = config;
    const at = this.#clock.now();
    try {
      const [entries, drills, kit] = await Promise.all([
        backups.list(config),
        backups.drills(config, DRILLS),
        backups.kitConfirmation(config),
      ]);
      const found = backupProblems(config, entries, drills.at(-1) ?? null, at);
      const problems = [...found, ...kitProblem(name, kit)];
      const recoverable = await backups.recoverable(config, entries);
      return { name, entries, recoverable, drills, problems, kit, at };
    } catch (error) {
      if (!(error instanceof YumOpsError)) throw error;
      const problems = [{ backup: name, code: 'unreadable' as const, message: error.message }];
      return { name, entries: [], recoverable: { earliest: null, latest: null }, drills: [], problems, kit: null, at };
    }
  }

  #withCopy(config: BackupConfig, first: Omit<SeenBackup, 'copy'>, copy: CopyState | null): SeenBackup {
    const isUnreadable = first.problems.some(({ code }) => code === 'unreadable');
    const found = copyProblems(config, copy, first.at);
    // What cannot be read may be there.
    const problems = [...first.problems, ...(isUnreadable ? found.filter(({ code }) => code !== 'lost') : found)];
    return { ...first, problems, copy };
  }

  async #tellOf(drills: readonly DrillRecord[]): Promise<void> {
    for (const drill of drills) {
      const key = `${drill.name} ${drill.at}`;
      if (drill.ok || Date.parse(drill.at) < this.#since || this.#told.has(key)) continue;
      await this.#failedDrill(drill);
      this.#told.add(key);
    }
  }

  /** For the alert path: one condition for each thing that can be wrong with each backup. */
  conditions(): WatchedCondition[] {
    return [...this.#seen.values()].flatMap(({ name, problems }) =>
      // An unconfirmed kit is for the page: nobody is to be woken for it.
      problems
        .filter(({ code }) => code !== 'kit_unconfirmed')
        .map(({ code, message }) => ({
          id: `backup:${name}:${code}`,
          name: `Backup ${name}: ${code.replaceAll('_', ' ')}`,
          labels: { backup: name, problem: code },
          holds: true,
          forMs: 0,
          reason: message,
        })),
    );
  }

  #metrics({ name, entries, problems, copy, at }: SeenBackup): TelemetryRow[] {
    const good = regularOf(entries).filter(({ status }) => status === 'good');
    const newest = good.at(-1);
    const verified = good.findLast((entry) => entry.verified?.ok)?.verified;
    const gauge = (metric: string, value: number | undefined, unit: string): TelemetryRow[] =>
      value === undefined
        ? []
        : [
            {
              timestamp: at,
              name: metric,
              type: 'gauge',
              value,
              unit,
              id: '',
              project: '',
              service: this.#service,
              environment: '',
              release: '',
              attributes: { backup: name },
            },
          ];
    return [
      ...gauge('backup_age', newest && (at - Date.parse(newest.started)) / 1_000, 's'),
      ...gauge('backup_size', newest?.size, 'By'),
      ...gauge('backup_duration', newest?.seconds ?? undefined, 's'),
      ...gauge('backup_verified_age', verified ? (at - Date.parse(verified.at)) / 1_000 : undefined, 's'),
      ...gauge('backup_copy_lag', copy?.lagSeconds ?? undefined, 's'),
      ...gauge('backup_problems', problems.length, ''),
    ];
  }
}
