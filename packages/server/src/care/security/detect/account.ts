import type { Place } from '../event.ts';
import { LIMITS } from './limits.ts';
import { Recent, RecentMembers } from './recent.ts';

const MOST_ADDRESSES = 64;
const KNOWN_ADDRESSES = 16;
const KNOWN_DEVICES = 8;

/** What is known of one account: who fails on it, from where it is entered. */
export class Account {
  /** By address. */
  readonly #failing = new RecentMembers<{ at: number }>(LIMITS.takeover.span, MOST_ADDRESSES);
  readonly #failingNow = new RecentMembers<{ at: number }>(LIMITS.account.span, MOST_ADDRESSES);
  readonly #slow: Recent;
  readonly #known = new Set<string>();
  readonly #devices = new Set<string>();
  #lastPlace: { at: number; place: Place; ip: string | null } | null = null;

  /** @param slow failures of slow guessing that are counted */
  constructor(slow: number) {
    this.#slow = new Recent(slow);
  }

  /** Addresses that it remembers, those of the hour twice. */
  get remembered(): number {
    return this.#failing.size + this.#failingNow.size;
  }

  fail(ip: string, at: number): void {
    this.#failing.touch(ip, at, () => ({ at }));
    this.#failingNow.touch(ip, at, () => ({ at }));
    this.#slow.add(at);
  }

  /** Addresses that failed within the hour. */
  addressesNow(at: number): number {
    this.#failingNow.prune(at);
    return this.#failingNow.size;
  }

  addressesOfDay(at: number): number {
    this.#failing.prune(at);
    return this.#failing.size;
  }

  /** Failures within a span of milliseconds, as far as they are counted for slow guessing. */
  slowFailures(span: number, at: number): number {
    return this.#slow.within(span, at);
  }

  sampleAddresses(): readonly string[] {
    return this.#failing.newest();
  }

  knows(ip: string): boolean {
    return this.#known.has(ip);
  }

  /** Takes a success. @returns whether the device is new while others are known */
  enter(ip: string, device: string | null): boolean {
    remember(this.#known, ip, KNOWN_ADDRESSES);
    if (device === null) return false;
    const isNew = this.#devices.size > 0 && !this.#devices.has(device);
    remember(this.#devices, device, KNOWN_DEVICES);
    return isNew;
  }

  /** Moves to a place. @returns where the account was before, when it is known and was within the span */
  move(place: Place, ip: string | null, at: number): { at: number; place: Place; ip: string | null } | null {
    const before = this.#lastPlace;
    if (before === null || at >= before.at) this.#lastPlace = { at, place, ip };
    return before !== null && Math.abs(at - before.at) <= LIMITS.travel.span ? before : null;
  }
}

function remember(set: Set<string>, value: string, most: number): void {
  set.delete(value);
  set.add(value);
  if (set.size > most) set.delete(set.values().next().value as string);
}

const RADIUS_KM = 6_371;
const radians = (degrees: number) => (degrees * Math.PI) / 180;

/** Great-circle distance in kilometres (haversine). */
export function kilometresBetween(a: Place, b: Place): number {
  const lat = radians(b.lat - a.lat);
  const lon = radians(b.lon - a.lon);
  const h = Math.sin(lat / 2) ** 2 + Math.cos(radians(a.lat)) * Math.cos(radians(b.lat)) * Math.sin(lon / 2) ** 2;
  return 2 * RADIUS_KM * Math.asin(Math.min(1, Math.sqrt(h)));
}
