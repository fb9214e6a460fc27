import { type Counted, type CounterStore, LocalCounters } from './counters.ts';
import type { StoreHealth } from './options.ts';
import type { Restriction } from './restriction.ts';
import { later } from './restriction.ts';

type Member = Pick<Counted, 'key' | 'member'>;
const idOf = ({ key, member }: Member): string => `${key}\n${member}`;

type Named = Pick<Restriction, 'action' | 'kind' | 'value'>;

/** What waits for the shared store to come back. */
const MOST_WAITING = 10_000;
/** So many of them go at once. */
const PART = 200;

export interface SharedCountersOptions {
  shared: CounterStore | undefined;
  /** How long a store that failed is left alone, milliseconds. */
  retryAfter: number;
  now: () => number;
  /** Told when the shared store goes away and when it is back. */
  changed: (health: StoreHealth) => void;
}

/**
 * Counts here and in the store that the instances share, and believes whichever counted more. While the shared store is away this
 * process counts on alone; what happened meanwhile is added when it is back. Nothing rejects.
 */
export class SharedCounters {
  readonly #options: SharedCountersOptions;
  readonly #local = new LocalCounters();
  #down: string | undefined;
  #retryAt = 0;
  #waiting = new Map<string, Counted>();
  /** Members that were taken away meanwhile: who entered must not come back as somebody who only failed. */
  #removals = new Map<string, Member>();
  #lost = 0;
  #probe: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: SharedCountersOptions) {
    this.#options = options;
  }

  health(): StoreHealth {
    const shared = this.#options.shared === undefined ? 'none' : this.#down === undefined ? 'up' : 'down';
    return { shared, reason: this.#down, waiting: this.#waiting.size, lost: this.#lost };
  }

  async count(add: readonly Counted[], remove: readonly Member[] = []): Promise<number[]> {
    const own = this.#local.countNow(add, remove);
    const others = await this.#ask((store) => store.count(add, remove));
    if (others === undefined) this.#keep(add, remove);
    return own.map((size, index) => Math.max(size, others?.[index] ?? 0));
  }

  async sizes(keys: readonly { key: string; at: number; span: number }[]): Promise<number[]> {
    const own = await this.#local.sizes(keys);
    const others = await this.#ask((store) => store.sizes(keys));
    return own.map((size, index) => Math.max(size, others?.[index] ?? 0));
  }

  async restrict(restrictions: readonly Restriction[]): Promise<void> {
    await this.#local.restrict(restrictions, this.#options.now());
    await this.#ask((store) => store.restrict(restrictions, this.#options.now()));
  }

  async lift(restrictions: readonly Named[], keys: readonly string[]): Promise<void> {
    await this.#local.lift(restrictions);
    await this.#local.forget(keys);
    for (const [id, { key }] of this.#waiting) if (keys.includes(key)) this.#waiting.delete(id);
    await this.#ask(async (store) => {
      await store.lift(restrictions);
      await store.forget(keys);
    });
  }

  /** The restrictions in force among the wanted ones. */
  async find(wanted: readonly Named[]): Promise<(Restriction | undefined)[]> {
    const now = this.#options.now();
    const own = await this.#local.find(wanted, now);
    const others = await this.#ask((store) => store.find(wanted, now));
    const found = own.map((restriction, index) => {
      const other = others?.[index];
      return other === 'lifted' ? undefined : later(restriction, other);
    });
    // What others decided is known here too, should the shared store go away.
    await this.#local.lift(wanted.filter((_, index) => others?.[index] === 'lifted'));
    await this.#local.restrict(
      found.filter((one) => one !== undefined),
      now,
    );
    return found;
  }

  /** Everything in force that this process knows of. */
  known(): Restriction[] {
    return this.#local.restrictions(this.#options.now());
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#probe);
  }

  /** Asks the shared store unless it is away. @returns undefined when there is none or it does not answer */
  async #ask<Answer>(question: (store: CounterStore) => Promise<Answer>): Promise<Answer | undefined> {
    const { shared, now } = this.#options;
    if (shared === undefined || (this.#down !== undefined && now() < this.#retryAt)) return undefined;
    try {
      if (this.#down !== undefined) await this.#restore(shared);
      const answer = await question(shared);
      this.#isUp();
      return answer;
    } catch (error) {
      this.#isDown(error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }

  /** Gives the shared store what it missed. Members have names, so what it knows already changes nothing. */
  async #restore(shared: CounterStore): Promise<void> {
    const now = this.#options.now();
    await shared.restrict(this.#local.restrictions(now), now);
    const removals = [...this.#removals.entries()];
    for (let from = 0; from < removals.length; from += PART) {
      const part = removals.slice(from, from + PART);
      await shared.count(
        [],
        part.map(([, member]) => member),
      );
      for (const [id] of part) this.#removals.delete(id);
    }
    const missed = [...this.#waiting.entries()].filter(([, { at, span }]) => at > now - span);
    for (let from = 0; from < missed.length; from += PART) {
      const part = missed.slice(from, from + PART);
      await shared.count(
        part.map(([, counted]) => counted),
        [],
      );
      for (const [id] of part) this.#waiting.delete(id);
    }
    this.#waiting.clear();
  }

  #keep(add: readonly Counted[], remove: readonly Member[]): void {
    if (this.#options.shared === undefined) return;
    for (const member of remove) {
      this.#waiting.delete(idOf(member));
      this.#removals.set(idOf(member), member);
    }
    for (const counted of add) {
      const id = idOf(counted);
      this.#waiting.delete(id);
      this.#waiting.set(id, counted);
    }
    while (this.#waiting.size > MOST_WAITING) {
      this.#waiting.delete(this.#waiting.keys().next().value as string);
      this.#lost += 1;
    }
    for (const id of this.#removals.keys()) {
      if (this.#removals.size <= MOST_WAITING) return;
      this.#removals.delete(id);
      this.#lost += 1;
    }
  }

  #isDown(reason: string): void {
    const wasUp = this.#down === undefined;
    this.#down = reason;
    this.#retryAt = this.#options.now() + this.#options.retryAfter;
    if (wasUp) this.#options.changed(this.health());
    this.#probeLater();
  }

  #isUp(): void {
    if (this.#down === undefined) return;
    this.#down = undefined;
    this.#options.changed(this.health());
  }

  /** What waits must not wait for the next sign-in. */
  #probeLater(): void {
    if (this.#closed || this.#probe !== undefined) return;
    this.#probe = setTimeout(() => {
      this.#probe = undefined;
      if (this.#down !== undefined) void this.#ask(async () => undefined);
      if (this.#down !== undefined) this.#probeLater();
    }, this.#options.retryAfter + 20);
    this.#probe.unref();
  }
}
