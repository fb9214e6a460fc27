import type { CheckResult } from './check.ts';
import type { MonitorConfig } from './config.ts';
import { type Judged, judge, moveTo, type Observation, setPaused, type Transition } from './judge.ts';
import { isSpread, locationState, locationsOf, withLocation } from './location/location-state.ts';
import { joinViews, type QuorumPolicy, staleAfter } from './location/quorum.ts';
import { afterCheck, type MonitorRecord, NO_RECORD } from './monitor-record.ts';
import type { Recorder } from './recorder.ts';

/** One check as somebody made it somewhere. Times in milliseconds since the epoch. */
export interface Sighting {
  /** Unique; time-ordered. */
  id: string;
  location: string;
  /** Id of the agent, or `platform`. */
  agent: string;
  result: CheckResult;
  /** What it says of the target, once the network of who looked is taken into account. */
  seen: Observation;
  startedAt: number;
  /** When it ended. */
  endedAt: number;
}

export interface MonitorBookOptions {
  recorder: Pick<Recorder, 'addCheck' | 'addChange'>;
  /** Where the platform itself checks from. */
  location: string;
  /** Whether this instance of the platform looks after a monitor; the others are as they were when it last did. */
  isMine(id: string): boolean;
}

/** Every monitor with what is known of it: takes checks in, judges them, and hands on what must be stored. */
export class MonitorBook {
  readonly #options: MonitorBookOptions;
  #monitors = new Map<string, MonitorConfig>();
  #records = new Map<string, MonitorRecord>();
  #generation = 0;
  /** From when on other places could report, ms since the epoch. */
  #listeningSince = 0;

  constructor(options: MonitorBookOptions) {
    this.#options = options;
  }

  get records(): ReadonlyMap<string, MonitorRecord> {
    return this.#records;
  }

  /** Another after each change of the monitors. */
  get generation(): number {
    return this.#generation;
  }

  monitor(id: string): MonitorConfig | undefined {
    return this.#monitors.get(id);
  }

  /** All of them, in the order of the configuration. */
  monitors(): MonitorConfig[] {
    return [...this.#monitors.values()];
  }

  /** Takes up what was stored. */
  restore(records: Map<string, MonitorRecord>, now: number): void {
    this.#records = records;
    this.#listeningSince = now;
  }

  /** Takes over what another instance stored of monitors meanwhile. */
  refresh(records: ReadonlyMap<string, MonitorRecord>): void {
    for (const [id, record] of records) this.#records.set(id, record);
  }

  /** Replaces the monitors; records of those that are gone, or belong to another project now, go too. */
  adopt(monitors: readonly MonitorConfig[], now: number): void {
    this.#generation += 1;
    const before = this.#monitors;
    this.#monitors = new Map(monitors.map((monitor) => [monitor.id, monitor]));
    for (const id of this.#records.keys()) {
      if (!goesOn(before.get(id), this.#monitors.get(id))) this.#records.delete(id);
    }
    for (const monitor of monitors) {
      const record = this.#records.get(monitor.id) ?? NO_RECORD;
      if (!this.#options.isMine(monitor.id)) continue;
      const { status, transition } = judgeConfigured(record, monitor, now);
      const next = { ...record, ...status, locations: monitor.paused ? [] : record.locations };
      if (transition) this.#keep(monitor, next, transition, null);
      else this.#records.set(monitor.id, record);
    }
  }

  /**
   * Takes a check in.
   * @param nextCheckAt when the monitor is checked next, given after how long a re-check is wanted
   * @returns milliseconds after which to check again, null = the next slot is soon enough
   */
  take(
    monitor: MonitorConfig,
    sighting: Sighting,
    now: number,
    nextCheckAt: (recheckInMs: number | null) => number | null,
  ): number | null {
    const record = this.#records.get(monitor.id) ?? NO_RECORD;
    if (isSpread(monitor, this.#options.location)) return this.#takeFromAfar(monitor, record, sighting, now);
    const { result, seen, startedAt, endedAt } = sighting;
    if (result.verdict === 'pending' && record.state === 'pending') return null;
    const judged = judge(record, seen, monitor, endedAt);
    const next = afterCheck(record, { ...judged.status, lastCheckedAt: startedAt }, result, endedAt);
    this.#record(monitor, sighting, next.state, record.lastCheckedAt);
    this.#keep(monitor, next, judged.transition, nextCheckAt(judged.recheckInMs));
    return judged.recheckInMs;
  }

  /** Judges anew what depends on places that may have fallen silent. */
  lookForSilence(now: number): void {
    for (const monitor of this.#monitors.values()) {
      if (!this.#isWatched(monitor)) continue;
      const record = this.#records.get(monitor.id) ?? NO_RECORD;
      const { status, transition } = this.#join(monitor, record, record.locations, now);
      if (transition) this.#keep(monitor, { ...record, ...status }, transition, null);
    }
  }

  /** Whether silence of the places that look at a monitor is to be judged here. */
  #isWatched(monitor: MonitorConfig): boolean {
    if (monitor.paused || monitor.broken !== null) return false;
    return isSpread(monitor, this.#options.location) && this.#options.isMine(monitor.id);
  }

  #takeFromAfar(monitor: MonitorConfig, record: MonitorRecord, sighting: Sighting, now: number): number | null {
    const { location, agent, result, seen, startedAt, endedAt } = sighting;
    const order = locationsOf(monitor, this.#options.location);
    if (!order.includes(location)) return null;
    const before = locationState(record.locations, location);
    if (before.lastCheckedAt !== null && startedAt <= before.lastCheckedAt) {
      // Another agent has looked since: what this one saw is kept, and stands for no time and no state any more.
      if (before.agent !== agent) this.#record(monitor, sighting, before.state, startedAt);
      return null;
    }
    const judged = judge(before, seen, monitor, endedAt);
    const durationMs = seen.verdict === 'up' || seen.verdict === 'degraded' ? result.durationMs : null;
    const view = { ...judged.status, lastCheckedAt: startedAt, location, agent, durationMs };
    const locations = withLocation(record.locations, view, order);
    const joint = this.#join(monitor, record, locations, now);
    const lastCheckedAt = Math.max(record.lastCheckedAt ?? 0, startedAt);
    const next = { ...afterCheck(record, { ...joint.status, lastCheckedAt }, result, endedAt), locations };
    const isLive = now - startedAt <= staleAfter(monitor);
    this.#record(monitor, sighting, isLive ? next.state : view.state, before.lastCheckedAt);
    this.#keep(monitor, next, joint.transition, startedAt + monitor.intervalMs);
    return judged.recheckInMs;
  }

  /** What all places see together. Just after a start they had no time to report: then ignorance changes nothing. */
  #join(
    monitor: MonitorConfig,
    record: MonitorRecord,
    locations: MonitorRecord['locations'],
    now: number,
  ): Pick<Judged, 'status' | 'transition'> {
    const staleMs = staleAfter(monitor);
    const order = locationsOf(monitor, this.#options.location);
    const policy: QuorumPolicy = { locations: order, quorum: monitor.quorum, staleMs };
    const view = joinViews(locations, policy, now);
    const ignorant = view.state === 'unknown' && now - this.#listeningSince < staleMs;
    return ignorant ? { status: record, transition: null } : moveTo(record, view.state, view.reason, now);
  }

  #record(monitor: MonitorConfig, sighting: Sighting, state: MonitorRecord['state'], previousAt: number | null): void {
    const { id, result, startedAt, location } = sighting;
    this.#options.recorder.addCheck({ id, monitor, result, state, startedAt, previousAt, location });
  }

  #keep(
    monitor: MonitorConfig,
    record: MonitorRecord,
    transition: Transition | null,
    nextCheckAt: number | null,
  ): void {
    this.#records.set(monitor.id, record);
    this.#options.recorder.addChange({ monitorId: monitor.id, record, transition, nextCheckAt });
  }
}

/** What the configuration alone says of a monitor: paused, or not to be checked because it is broken. */
function judgeConfigured(record: MonitorRecord, monitor: MonitorConfig, now: number): Judged {
  if (monitor.paused || monitor.broken === null) return setPaused(record, monitor.paused, now);
  const judged = judge(
    record,
    { verdict: 'unknown', reason: `It cannot be checked: ${monitor.broken}.` },
    monitor,
    now,
  );
  return { ...judged, status: { ...judged.status, lastCheckedAt: record.lastCheckedAt } };
}

/** Whether what is known of a monitor is still of the same one; that of another project is another one by its name. */
function goesOn(before: MonitorConfig | undefined, after: MonitorConfig | undefined): boolean {
  return after !== undefined && (before === undefined || before.project === after.project);
}
