import type { Clock, Timer } from '../../lib/clock.ts';
import type { Db } from '../../lib/db.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { type Reach, reaches } from '../../lib/reach.ts';
import type { Signals } from '../../lib/signals.ts';
import { restrictionKey, type StoredRestriction } from './restriction.ts';
import { readRestrictions } from './store.ts';

const CHANNEL = 'yumops_restrictions';
/** What another instance changed and its word did not reach is seen after this time. */
const READ_AGAIN_MS = 5_000;

/** What applications of one project are told. */
export interface RestrictionList {
  /** Changes when the list does. */
  version: string;
  items: readonly StoredRestriction[];
}

/** Everything in force, as this instance knows it: read from the store, told of changes at once. */
export class RestrictionsInForce {
  readonly #options: { db: Db; signals: Signals; clock: Clock; log: Log };
  readonly #listeners = new Set<() => void>();
  #items: readonly StoredRestriction[] = [];
  #byKey = new Map<string, StoredRestriction>();
  #version = 0;
  #timer: Timer | null = null;
  #reading: Promise<void> | null = null;
  #again = false;
  #unlisten: () => void = () => undefined;

  constructor(options: { db: Db; signals: Signals; clock: Clock; log: Log }) {
    this.#options = options;
  }

  async start(): Promise<void> {
    this.#unlisten = this.#options.signals.listen(CHANNEL, () => void this.refresh());
    await this.refresh();
  }

  stop(): void {
    this.#unlisten();
    this.#timer?.cancel();
    this.#timer = null;
    this.#listeners.clear();
  }

  find(restriction: Parameters<typeof restrictionKey>[0]): StoredRestriction | undefined {
    return this.#byKey.get(restrictionKey(restriction));
  }

  /** What is in force in some projects; null = in all of them. */
  list(reach: Reach): RestrictionList {
    const now = this.#options.clock.now();
    const items = this.#items.filter((item) => item.until > now && reaches(reach, item.project));
    return { version: `${this.#version}-${items.length}`, items };
  }

  /** Calls `changed` after every change. @returns ends it */
  onChange(changed: () => void): () => void {
    this.#listeners.add(changed);
    return () => this.#listeners.delete(changed);
  }

  /** For whoever wrote a change: this instance and the others read it. */
  async changed(): Promise<void> {
    await this.refresh();
    await this.#options.signals.send(CHANNEL, '').catch((error: unknown) => {
      this.#options.log.debug('other instances were not told of a restriction', { reason: messageOf(error) });
    });
  }

  /** Reads the store; calls that come meanwhile share one further reading. */
  refresh(): Promise<void> {
    if (this.#reading !== null) {
      this.#again = true;
      return this.#reading;
    }
    this.#reading = this.#readAll().finally(() => {
      this.#reading = null;
      this.#timer?.cancel();
      this.#timer = this.#options.clock.after(READ_AGAIN_MS, () => void this.refresh());
    });
    return this.#reading;
  }

  async #readAll(): Promise<void> {
    do {
      this.#again = false;
      await this.#read();
    } while (this.#again);
  }

  async #read(): Promise<void> {
    const { db, clock, log } = this.#options;
    try {
      const items = await readRestrictions(db, clock.now());
      const same =
        items.length === this.#items.length && items.every((item, index) => isSame(item, this.#items[index]));
      if (same) return;
      this.#items = items;
      this.#byKey = new Map(items.map((item) => [restrictionKey(item), item]));
      this.#version += 1;
      for (const listener of this.#listeners) listener();
    } catch (error) {
      // What was in force stays in force until it expires: a store that is away opens nothing.
      log.warn('the restrictions could not be read', { reason: messageOf(error) });
    }
  }
}

function isSame(a: StoredRestriction, b: StoredRestriction | undefined): boolean {
  return a.id === b?.id && a.until === b.until;
}
