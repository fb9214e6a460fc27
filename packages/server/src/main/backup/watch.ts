import type { BackupProblem, CatalogueEntry, DrillRecord, Recoverable } from '../../care/backup/index.ts';
import { backupProblems } from '../../care/backup/index.ts';
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
  /** When, milliseconds since the epoch. */
  at: number;
}

const DRILLS = 12;

/** Looks into the stores of backups from time to time: what is wrong goes to the alert path, ages become metrics. */
export class BackupWatch {
  readonly #open: () => Backups;
  readonly #writer: TelemetryWriter;
  readonly #service: string;
  readonly #clock: Clock;
  #seen = new Map<string, SeenBackup>();
  readonly #loop: Loop;

  /** @param open the backups of the configuration as it is now */
  constructor(context: { open(): Backups; writer: TelemetryWriter; service: string; clock: Clock; log: Log }) {
    this.#open = context.open;
    this.#writer = context.writer;
    this.#service = context.service;
    this.#clock = context.clock;
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
    const seen = await Promise.all(backups.configs.map((config) => this.see(backups, config.name)));
    this.#seen = new Map(seen.map((item) => [item.name, item]));
    const rows = seen.flatMap((item) => this.#metrics(item));
    if (rows.length > 0) await this.#writer.append('metrics', rows);
    return seen;
  }

  /** Looks at one backup now. */
  async see(backups: Backups, name: string): Promise<SeenBackup> {
    const config = backups.config(name);
    const at = this.#clock.now();
    try {
      const [entries, drills] = await Promise.all([backups.list(config), backups.drills(config, DRILLS)]);
      const problems = backupProblems(config, entries, drills.at(-1) ?? null, at);
      const recoverable = await backups.recoverable(config, entries);
      return { name, entries, recoverable, drills, problems, at };
    } catch (error) {
      if (!(error instanceof YumOpsError)) throw error;
      const problems = [{ backup: name, code: 'unreadable' as const, message: error.message }];
      return { name, entries: [], recoverable: { earliest: null, latest: null }, drills: [], problems, at };
    }
  }

  /** For the alert path: one condition for each thing that can be wrong with each backup. */
  conditions(): WatchedCondition[] {
    return [...this.#seen.values()].flatMap(({ name, problems }) =>
      problems.map(({ code, message }) => ({
        id: `backup:${name}:${code}`,
        name: `Backup ${name}: ${code.replaceAll('_', ' ')}`,
        labels: { backup: name, problem: code },
        holds: true,
        forMs: 0,
        reason: message,
      })),
    );
  }

  #metrics({ name, entries, problems, at }: SeenBackup): TelemetryRow[] {
    const good = entries.filter(({ status }) => status === 'good');
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
      ...gauge('backup_problems', problems.length, ''),
    ];
  }
}
