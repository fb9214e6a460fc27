import type { Restriction } from './restriction.ts';
import { restrictionKey } from './restriction.ts';

/** A member of a set that counts within a span of time. Adding the same member again changes nothing but its time. */
export interface Counted {
  key: string;
  member: string;
  /** Milliseconds since the epoch. */
  at: number;
  /** Milliseconds. */
  span: number;
}

/** Where counters and restrictions are kept. All are told of one happening at once. */
export interface CounterStore {
  /** Adds the members, takes others away. @returns how many each key of `add` then has within its span */
  count(add: readonly Counted[], remove: readonly Pick<Counted, 'key' | 'member'>[]): Promise<number[]>;
  /** How many members keys have, without adding any. */
  sizes(keys: readonly { key: string; at: number; span: number }[]): Promise<number[]>;
  forget(keys: readonly string[]): Promise<void>;
  restrict(restrictions: readonly Restriction[], now: number): Promise<void>;
  lift(restrictions: readonly Pick<Restriction, 'action' | 'kind' | 'value'>[]): Promise<void>;
  find(wanted: readonly Pick<Restriction, 'action' | 'kind' | 'value'>[], now: number): Promise<Found[]>;
}

/** `lifted`: somebody took it away, and who still has it must forget it. */
export type Found = Restriction | 'lifted' | undefined;

/** Keys of one generation. */
const MOST_KEYS = 10_000;
const MOST_RESTRICTIONS = 20_000;
/** A set that is larger is large enough for every threshold. */
export const MOST_MEMBERS = 500;

/** Counters of this process. Bounded: of more keys than it holds, those used last stay. */
export class LocalCounters implements CounterStore {
  /** The keys used last, and those before them, which go when the first are too many. */
  #young = new Map<string, Map<string, number>>();
  #old = new Map<string, Map<string, number>>();
  readonly #restrictions = new Map<string, Restriction>();

  async count(add: readonly Counted[], remove: readonly Pick<Counted, 'key' | 'member'>[]): Promise<number[]> {
    return this.countNow(add, remove);
  }

  /** As `count`, at once. */
  countNow(add: readonly Counted[], remove: readonly Pick<Counted, 'key' | 'member'>[] = []): number[] {
    for (const { key, member } of remove) this.#get(key)?.delete(member);
    return add.map(({ key, member, at, span }) => {
      const set = this.#get(key) ?? new Map<string, number>();
      this.#put(key, set);
      set.set(member, Math.max(at, set.get(member) ?? 0));
      if (set.size > MOST_MEMBERS) set.delete(set.keys().next().value as string);
      return sizeAt(set, at, span);
    });
  }

  async sizes(keys: readonly { key: string; at: number; span: number }[]): Promise<number[]> {
    return keys.map(({ key, at, span }) => sizeAt(this.#get(key) ?? new Map(), at, span));
  }

  async forget(keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      this.#young.delete(key);
      this.#old.delete(key);
    }
  }

  async restrict(restrictions: readonly Restriction[], now: number): Promise<void> {
    for (const restriction of restrictions) {
      const key = restrictionKey(restriction);
      this.#restrictions.delete(key);
      this.#restrictions.set(key, restriction);
    }
    if (this.#restrictions.size <= MOST_RESTRICTIONS) return;
    for (const [key, { until }] of this.#restrictions) if (until <= now) this.#restrictions.delete(key);
    for (const key of this.#restrictions.keys()) {
      if (this.#restrictions.size <= MOST_RESTRICTIONS) return;
      this.#restrictions.delete(key);
    }
  }

  async lift(restrictions: readonly Pick<Restriction, 'action' | 'kind' | 'value'>[]): Promise<void> {
    for (const restriction of restrictions) this.#restrictions.delete(restrictionKey(restriction));
  }

  async find(
    wanted: readonly Pick<Restriction, 'action' | 'kind' | 'value'>[],
    now: number,
  ): Promise<(Restriction | undefined)[]> {
    return wanted.map((one) => {
      const found = this.#restrictions.get(restrictionKey(one));
      return found !== undefined && found.until > now ? found : undefined;
    });
  }

  #get(key: string): Map<string, number> | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  #put(key: string, set: Map<string, number>): void {
    this.#old.delete(key);
    if (this.#young.size >= MOST_KEYS && !this.#young.has(key)) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, set);
  }

  /** Everything in force. */
  restrictions(now: number): Restriction[] {
    return [...this.#restrictions.values()].filter(({ until }) => until > now);
  }
}

function sizeAt(set: ReadonlyMap<string, number>, at: number, span: number): number {
  let size = 0;
  for (const time of set.values()) if (time > at - span) size += 1;
  return size;
}
