import type { MonitorTrial } from '@yumops/protocol';
import type { Db, Queryable } from '../../../lib/db.ts';
import { messageOf, YumOpsError } from '../../../lib/errors.ts';
import type { Issue } from '../../../lib/finding.ts';
import type { Log } from '../../../lib/log.ts';
import type { Seal } from '../../../lib/seal.ts';
import type { MonitorConfig } from '../config.ts';
import { MASK, maskDefinition, placesOf, unmaskDefinition } from './mask.ts';

/** Compiles what was written of a monitor outside of the files. A finding means that it is refused. */
export type CompileMonitor = (raw: unknown) => { monitor: MonitorConfig | null; issues: readonly Issue[] };

/** Writes an audit row in the transaction of the change. Implemented by access. */
type Audit = (
  tx: Queryable,
  entry: { at: number; actor: string; action: string; target: string; detail?: Record<string, unknown> },
) => Promise<void>;

export interface StoredMonitorsOptions {
  db: Db;
  seal: Seal;
  log: Log;
  audit: Audit;
  /** The configuration in use: its monitors win over stored ones. */
  configured(): { monitors: readonly MonitorConfig[]; compileMonitor: CompileMonitor };
  /** Called after a change, with all stored monitors. */
  changed(): Promise<void>;
  /** Makes one check, which counts for nothing. */
  check(monitor: MonitorConfig): Promise<MonitorTrial>;
}

/** Who makes a change, and when: milliseconds since the epoch. */
export interface MonitorChange {
  actor: string;
  now: number;
}

/** Monitors that people made in the console or by the API. */
export interface StoredMonitors {
  /** All that can run beside those of the configuration. */
  read(): Promise<MonitorConfig[]>;
  /** What was written of one, with its secrets masked. @throws {YumOpsError} `monitor_not_found`, `monitor_in_configuration` */
  definition(id: string): Promise<unknown>;
  /** @throws {YumOpsError} `invalid_monitor`, `monitor_exists` */
  add(raw: Record<string, unknown>, change: MonitorChange): Promise<{ id: string }>;
  /** Masked secrets stay what they are. @throws {YumOpsError} as `add` and `definition` */
  replace(id: string, raw: Record<string, unknown>, change: MonitorChange): Promise<{ id: string }>;
  /**
   * Tries out what was written, before it is stored.
   * @param id the stored monitor that it will take the place of: its secrets stand for masked ones
   * @throws {YumOpsError} as `add` and `definition`; `nothing_to_check` for a heartbeat
   */
  test(raw: Record<string, unknown>, id?: string): Promise<MonitorTrial>;
  /** Pauses a monitor, or takes it up again. @throws {YumOpsError} as `definition` */
  pause(id: string, paused: boolean, change: MonitorChange): Promise<void>;
  /** @throws {YumOpsError} as `definition` */
  remove(id: string, change: MonitorChange): Promise<void>;
}

const TRIAL = Symbol('trial');
/** What is only tried out needs no name. */
const UNNAMED = 'Trial';

/** Makes the store of monitors that are in no file. */
export function createStoredMonitors(options: StoredMonitorsOptions): StoredMonitors {
  return new Stored(options);
}

class Stored implements StoredMonitors {
  readonly #options: StoredMonitorsOptions;

  constructor(options: StoredMonitorsOptions) {
    this.#options = options;
  }

  async read(): Promise<MonitorConfig[]> {
    const { db, log } = this.#options;
    const { monitors, compileMonitor } = this.#options.configured();
    const taken = new Set(monitors.map(({ id }) => id));
    const rows = await db.query<StoredRow>('SELECT id, definition FROM stored_monitors ORDER BY created_at, id');
    return rows.flatMap((row) => {
      if (taken.has(row.id)) {
        log.warn('A monitor of the configuration takes the place of a stored one', { monitor: row.id });
        return [];
      }
      try {
        const { monitor, issues } = compileMonitor(this.#open(row));
        if (monitor && issues.length === 0) return [monitor];
        log.error('A stored monitor cannot be used', { monitor: row.id, reason: sentenceOf(issues) });
      } catch (error) {
        log.error('A stored monitor cannot be used', { monitor: row.id, reason: messageOf(error) });
      }
      return [];
    });
  }

  async definition(id: string): Promise<unknown> {
    return maskDefinition(this.#open(await this.#find(this.#options.db, id)));
  }

  async add(raw: Record<string, unknown>, change: MonitorChange): Promise<{ id: string }> {
    const monitor = this.#compile(raw);
    await this.#options.db.transaction(async (tx) => {
      await this.#insert(tx, monitor.id, raw, change);
      await this.#note(tx, 'monitor.create', monitor.id, change);
    });
    await this.#options.changed();
    return { id: monitor.id };
  }

  async replace(id: string, raw: Record<string, unknown>, change: MonitorChange): Promise<{ id: string }> {
    const next = await this.#options.db.transaction(async (tx) => {
      const whole = unmask(raw, this.#open(await this.#find(tx, id)));
      const monitor = this.#compile(whole, id);
      await tx.query('DELETE FROM stored_monitors WHERE id = $1', [id]);
      await this.#insert(tx, monitor.id, whole, change);
      await this.#note(tx, 'monitor.update', id, change);
      return monitor.id;
    });
    await this.#options.changed();
    return { id: next };
  }

  async test(raw: Record<string, unknown>, id?: string): Promise<MonitorTrial> {
    const before = id === undefined ? undefined : this.#open(await this.#find(this.#options.db, id));
    const monitor = this.#compile({ name: UNNAMED, ...unmask(raw, before) }, TRIAL);
    if (monitor.kind === 'heartbeat') throw nothingToCheck();
    return this.#options.check(monitor);
  }

  async pause(id: string, paused: boolean, change: MonitorChange): Promise<void> {
    await this.#options.db.transaction(async (tx) => {
      const { paused: _before, ...raw } = this.#open(await this.#find(tx, id)) as Record<string, unknown>;
      await this.#rewrite(tx, id, paused ? { ...raw, paused } : raw, change);
      await this.#note(tx, paused ? 'monitor.pause' : 'monitor.resume', id, change);
    });
    await this.#options.changed();
  }

  async remove(id: string, change: MonitorChange): Promise<void> {
    await this.#options.db.transaction(async (tx) => {
      await this.#find(tx, id);
      await tx.query('DELETE FROM stored_monitors WHERE id = $1', [id]);
      await this.#note(tx, 'monitor.delete', id, change);
    });
    await this.#options.changed();
  }

  /** @param replaced id of the monitor whose place it takes; TRIAL = it takes no place */
  #compile(raw: Record<string, unknown>, replaced?: string | typeof TRIAL): MonitorConfig {
    const { monitors, compileMonitor } = this.#options.configured();
    if (raw['kind'] === 'browser') throw noScripts();
    const { monitor, issues } = compileMonitor(raw);
    if (!monitor || issues.length > 0) throw invalid(sentenceOf(issues), issues[0]?.suggestion);
    if (monitor.broken !== null) throw invalid(`${monitor.broken}`, 'Write the value itself: it is stored sealed.');
    if (JSON.stringify(raw).includes(MASK)) throw invalid(`${MASK} stands for no secret here`, 'Write the secret.');
    const isTaken = monitors.some(({ id }) => id === monitor.id) && monitor.id !== replaced;
    if (isTaken && replaced !== TRIAL) throw exists(monitor.name);
    return monitor;
  }

  async #insert(tx: Queryable, id: string, raw: unknown, { actor, now }: MonitorChange): Promise<void> {
    const rows = await tx.query(
      `INSERT INTO stored_monitors (id, definition, created_at, updated_at, updated_by) VALUES ($1, $2, $3, $3, $4)
       ON CONFLICT (id) DO NOTHING RETURNING id`,
      [id, this.#options.seal.close(JSON.stringify(raw), id), new Date(now), actor],
    );
    if (rows.length === 0) throw exists(id);
  }

  async #rewrite(tx: Queryable, id: string, raw: unknown, { actor, now }: MonitorChange): Promise<void> {
    const sealed = this.#options.seal.close(JSON.stringify(raw), id);
    await tx.query('UPDATE stored_monitors SET definition = $2, updated_at = $3, updated_by = $4 WHERE id = $1', [
      id,
      sealed,
      new Date(now),
      actor,
    ]);
  }

  async #find(db: Queryable, id: string): Promise<StoredRow> {
    if (this.#options.configured().monitors.some((monitor) => monitor.id === id)) throw inConfiguration(id);
    const [row] = await db.query<StoredRow>('SELECT id, definition FROM stored_monitors WHERE id = $1', [id]);
    if (!row) throw new YumOpsError('monitor_not_found', `There is no monitor "${id}".`, { status: 404 });
    return row;
  }

  #open({ id, definition }: StoredRow): unknown {
    return JSON.parse(this.#options.seal.open(definition, id)) as unknown;
  }

  #note(tx: Queryable, action: string, target: string, { actor, now }: MonitorChange): Promise<void> {
    return this.#options.audit(tx, { at: now, actor, action, target });
  }
}

interface StoredRow {
  id: string;
  definition: Buffer;
}

function sentenceOf(issues: readonly Issue[]): string {
  return issues.map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`)).join('; ');
}

/** @throws {YumOpsError} `invalid_monitor` when a masked secret would go to a place that it was not written for */
function unmask(raw: Record<string, unknown>, before: unknown): Record<string, unknown> {
  const known = placesOf(before);
  const moved = placesOf(raw).find((place) => !known.includes(place) && !place.includes(MASK));
  if (moved !== undefined && before !== undefined && JSON.stringify(raw).includes(MASK)) {
    throw invalid(`its secrets were not written for ${moved}`, `Write them again, instead of ${MASK}.`);
  }
  return unmaskDefinition(raw, before) as Record<string, unknown>;
}

function invalid(message: string, hint?: string): YumOpsError {
  return new YumOpsError('invalid_monitor', `The monitor is refused: ${message}.`, {
    status: 400,
    ...(hint === undefined ? {} : { hint }),
  });
}

function noScripts(): YumOpsError {
  return new YumOpsError(
    'invalid_monitor',
    'A browser journey is code that runs on this machine, and stands in a file.',
    {
      hint: 'Write it in the configuration folder.',
      status: 400,
    },
  );
}

function nothingToCheck(): YumOpsError {
  return new YumOpsError('nothing_to_check', 'A heartbeat calls us: there is nothing to try out.', {
    hint: 'Save it, and let the job call the address that its page shows.',
    status: 400,
  });
}

function exists(name: string): YumOpsError {
  return new YumOpsError('monitor_exists', `There is a monitor "${name}" already.`, {
    hint: 'Give it another name, or change the one that is there.',
    status: 409,
  });
}

function inConfiguration(id: string): YumOpsError {
  return new YumOpsError('monitor_in_configuration', `The monitor "${id}" stands in a file of the configuration.`, {
    hint: 'Change it there.',
    status: 409,
  });
}
