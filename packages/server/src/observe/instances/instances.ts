import { createHmac } from 'node:crypto';
import type { Clock } from '../../lib/clock.ts';
import type { Db } from '../../lib/db.ts';
import { messageOf, YumOpsError } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { Loop } from '../../lib/loop.ts';
import { dutyHolder, exchange, type InstanceRow, type Pipeline, type Roll, readInstances, strike } from './store.ts';

/** How often an instance tells of itself, ms. */
const BEAT_MS = 2_500;
/** One that was not heard for so long is gone, ms. */
const GONE_MS = 15_000;
/** How long the duty lasts without being renewed, ms. */
const DUTY_MS = 10_000;
const DUTY = 'caretaker';

/** What an instance says of itself. */
export interface OwnReport<Condition> {
  problems: readonly string[];
  conditions: readonly Condition[];
  pipeline: Pipeline;
}

/** Who does the work that one instance at a time does. */
export interface DutyHolder {
  begin(): Promise<void>;
  end(): Promise<void>;
}

/** An instance as others see it. */
export interface InstanceView extends InstanceRow {
  state: 'live' | 'away';
  /** Whether it is the one that was asked. */
  self: boolean;
  /** Whether it has the duty. */
  caretaker: boolean;
}

export interface InstanceOptions<Condition> {
  db: Db;
  clock: Clock;
  log: Log;
  /** Name of this instance, the same after a restart. */
  instance: string;
  roles: readonly string[];
  version: string;
  /** Where it listens. */
  url: string;
  /** The secret keys, the current one first; instances of one platform have one in common, also while it is changed. */
  keys: readonly string[];
  report(): Promise<OwnReport<Condition>>;
  /** Left out = this instance wants no duty. */
  duty?: DutyHolder;
  /** What must be done by somebody, with the sentence about nobody doing it. */
  needed: Readonly<Record<string, string>>;
}

/** Tells whether instances have a key in common, and nothing about it. */
function marksOf(keys: readonly string[]): string[] {
  return keys.map((key) => createHmac('sha256', key).update('yumops instances').digest('hex').slice(0, 16));
}

/**
 * The instances on one state store: each tells of itself and knows the others. One of those that want the duty has it;
 * while the store is away it goes on, since nobody can take over then.
 */
export class Instances<Condition> {
  readonly #options: InstanceOptions<Condition>;
  readonly #startedAt: Date;
  readonly #loop: Loop;
  #roll: Roll<Condition> = { now: 0, rows: [], hasDuty: false };
  #onDuty = false;

  constructor(options: InstanceOptions<Condition>) {
    this.#options = options;
    this.#startedAt = new Date(options.clock.now());
    this.#loop = new Loop(
      options.clock,
      async () => {
        await this.#beat();
        return BEAT_MS;
      },
      (error, failures) => {
        if (failures % 30 === 1)
          options.log.warn('other instances do not hear of this one', { reason: messageOf(error) });
        return BEAT_MS;
      },
    );
  }

  /**
   * Begins to tell of this instance.
   * @throws YumOpsError `secret_key_differs` when one that lives has another secret key
   */
  async start(): Promise<void> {
    await this.#exchange(false);
    const own = marksOf(this.#options.keys);
    const other = this.others().find(({ keyMarks }) => !keyMarks.some((mark) => own.includes(mark)));
    if (other) {
      await strike(this.#options.db, this.#options.instance);
      throw new YumOpsError('secret_key_differs', `The instance at ${other.url} has another secret key.`, {
        hint: 'Give all instances on one state store the same YUMOPS_SECRET_KEY.',
      });
    }
    this.#loop.start();
  }

  /** Ends the duty and takes leave. */
  async stop(): Promise<void> {
    await this.#loop.stop();
    if (this.#onDuty) await this.#options.duty?.end();
    this.#onDuty = false;
    try {
      await strike(this.#options.db, this.#options.instance);
    } catch (error) {
      this.#options.log.warn('this instance could not take its leave; it will count as gone', {
        reason: messageOf(error),
      });
    }
  }

  /** Whether this instance has the duty. */
  get onDuty(): boolean {
    return this.#onDuty;
  }

  /** The other instances that live, as they last told of themselves. */
  others(): readonly InstanceRow<Condition>[] {
    return this.#others((age) => age <= GONE_MS);
  }

  /** Instances that ended without taking leave, within the last day. */
  gone(): readonly InstanceRow<Condition>[] {
    return this.#others((age) => age > GONE_MS);
  }

  /** What the others know for the alert path. */
  conditions(): Condition[] {
    return this.others().flatMap(({ conditions }) => conditions);
  }

  /** Everybody on record, as of now. */
  async list(): Promise<InstanceView[]> {
    const { db, instance } = this.#options;
    const [{ now, rows }, holder] = await Promise.all([readInstances(db), dutyHolder(db, DUTY)]);
    return rows.map((row) => ({
      ...row,
      state: now - row.seenAt > GONE_MS ? 'away' : 'live',
      self: row.instance === instance,
      caretaker: row.instance === holder,
    }));
  }

  /** Names of the other instances that live and have a role, as of now. */
  async othersWith(role: string): Promise<string[]> {
    const others = (await this.list()).filter(
      ({ self, state, roles }) => !self && state === 'live' && roles.includes(role),
    );
    return others.map(({ instance }) => instance);
  }

  /** How far the rows of all instances are from the store. @param own those of this one, now */
  pipeline(own: Pipeline): Pipeline {
    const all = [own, ...this.others().map(({ pipeline }) => pipeline)];
    const sum = (key: keyof Pipeline) => all.reduce((total, one) => total + one[key], 0);
    return {
      spoolBytes: sum('spoolBytes'),
      lagSeconds: Math.max(...all.map(({ lagSeconds }) => lagSeconds)),
      rejected: sum('rejected'),
      dropped: sum('dropped'),
    };
  }

  /** One sentence for each thing that is wrong with the others, and for each role that nobody has. */
  problems(): string[] {
    const others = this.others();
    return [
      ...this.missingRoles().map(([, sentence]) => sentence),
      ...this.gone().map(({ roles: had, url, seenAt }) => {
        const since = new Date(seenAt).toISOString();
        return `The instance at ${url} (${had.join(', ')}) has not been heard since ${since}.`;
      }),
      ...others.flatMap(({ url, problems }) => problems.map((problem) => `${url}: ${problem}`)),
    ];
  }

  /** Roles that no instance has, each with what is said of it. */
  missingRoles(): [role: string, sentence: string][] {
    const roles = new Set([...this.#options.roles, ...this.others().flatMap((one) => one.roles)]);
    return Object.entries(this.#options.needed).filter(([role]) => !roles.has(role));
  }

  #others(fits: (ageMs: number) => boolean): InstanceRow<Condition>[] {
    const { now, rows } = this.#roll;
    return rows.filter(({ instance, seenAt }) => instance !== this.#options.instance && fits(now - seenAt));
  }

  async #beat(): Promise<void> {
    const { duty } = this.#options;
    await this.#exchange(duty !== undefined);
    if (duty === undefined || this.#roll.hasDuty === this.#onDuty) return;
    this.#onDuty = this.#roll.hasDuty;
    if (this.#onDuty) await duty.begin();
    else await duty.end();
  }

  async #exchange(wantsDuty: boolean): Promise<void> {
    const { db, instance, roles, version, url, keys, report } = this.#options;
    const own = { instance, roles, version, url, ...(await report()) };
    this.#roll = await exchange(
      db,
      { ...own, keyMarks: marksOf(keys), startedAt: this.#startedAt },
      wantsDuty ? { name: DUTY, leaseMs: DUTY_MS } : null,
    );
  }
}
