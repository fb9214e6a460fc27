import { messageOf } from '../../../lib/errors.ts';
import type { RuleConfig } from '../config.ts';
import type { Instance } from '../instance.ts';
import type { MetricSource } from '../metrics.ts';
import type { BucketSource, RuleStatus } from '../ports.ts';
import type { Excluded } from './burn-windows.ts';
import { type Grid, gridOf, missedBetween, slotAt } from './grid.ts';
import { makeReaders, readerKey } from './readers.ts';
import type { WindowReader } from './reading.ts';
import { type Restore, restored } from './restore.ts';
import { isCounted, stepCounted } from './step-counted.ts';
import { type Moved, stepRule } from './step-rule.ts';

const FRESH_MS = 120_000;
const TRIES = 3;
const RETRY_HELD_MS = 1_000;

/** How evaluation instants follow from the clock. */
export interface EvaluationTiming {
  /** A slot looks at the time this much before it, ms. */
  ingestDelayMs: number;
  /** The phase of a rule's grid: spread by its id, or an instant through which all grids pass, ms since the epoch. */
  phase: 'spread' | number;
}

/** What one round of evaluations gives, before anything is written. */
export interface Round {
  moved: { rule: RuleConfig; at: number; moves: readonly Moved[] }[];
  changed: Instance[];
  /** Alerts that go on with another value. */
  followed: { rule: RuleConfig; instance: Instance }[];
  statuses: RuleStatus[];
}

interface Scheduled {
  rule: RuleConfig;
  grid: Grid;
}

/** A rule whose slot has come; `at` is the end of its window. */
interface Due {
  rule: RuleConfig;
  slot: number;
  at: number;
  missed: number;
}

/** Evaluates the rules on their grids. It keeps instances and buckets in memory; the caller writes what changed. */
export class Evaluator {
  readonly #timing: EvaluationTiming;
  readonly #restore: Restore | null;
  readonly #rules: readonly Scheduled[];
  readonly #readers: ReadonlyMap<string, WindowReader>;
  readonly #instances = new Map<string, Map<string, Instance>>();
  readonly #statuses = new Map<string, RuleStatus>();

  /**
   * @param instances and statuses as they were stored
   * @param excluded what does not count for an SLO
   * @param restore what becomes of pending alerts over an outage; null = its time counts
   */
  constructor(
    source: BucketSource,
    rules: readonly RuleConfig[],
    timing: EvaluationTiming,
    instances: readonly Instance[],
    statuses: readonly RuleStatus[],
    excluded?: Excluded,
    restore: Restore | null = null,
  ) {
    this.#timing = timing;
    this.#restore = restore;
    this.#rules = rules.map((rule) => ({
      rule,
      grid:
        timing.phase === 'spread'
          ? gridOf(rule.id, rule.evalIntervalMs)
          : { interval: rule.evalIntervalMs, phase: timing.phase },
    }));
    this.#readers = makeReaders(source, rules, excluded);
    for (const instance of instances) this.#remember(instance);
    for (const status of statuses) this.#statuses.set(status.ruleId, status);
  }

  /**
   * Evaluates every rule whose slot has come.
   * @param oldestUncounted event time of the oldest row that is not in the store yet (ms), infinity when all are
   */
  async run(now: number, oldestUncounted: number): Promise<Round> {
    const due = this.#rules.flatMap(({ rule, grid }) => {
      const slot = slotAt(grid, now);
      const last = this.#statuses.get(rule.id)?.lastSlot ?? null;
      if (last !== null && slot <= last) return [];
      return [{ rule, slot, at: slot - this.#timing.ingestDelayMs, missed: missedBetween(grid, last, slot) }];
    });
    const round: Round = { moved: [], changed: [], followed: [], statuses: [] };
    const ready: Due[] = [];
    for (const entry of due) {
      if (oldestUncounted > entry.at) ready.push(entry);
      else this.#block(round, entry.rule, now, `ingest_lag: telemetry is counted until ${isoTime(oldestUncounted)}`);
    }
    const failures = await this.#refresh(ready);
    for (const entry of ready) {
      const failure = failures.get(readerKey(entry.rule));
      if (failure === undefined) this.#apply(round, entry, now - oldestUncounted <= FRESH_MS);
      else this.#block(round, entry.rule, now, `error: ${failure}`);
    }
    return round;
  }

  /**
   * Evaluates rules that count rows of these sources, between their slots, up to `now`.
   * @returns what fires
   */
  async runCounted(now: number, sources: ReadonlySet<MetricSource>): Promise<Round['moved']> {
    const rules = this.#rules
      .map(({ rule }) => rule)
      .filter((rule) => isCounted(rule) && rule.metric && sources.has(rule.metric.source));
    const moved: Round['moved'] = [];
    const ends = new Map<string, number>();
    for (const rule of rules) {
      const reader = this.#readers.get(readerKey(rule));
      if (!reader) continue;
      // What happened in a slice is counted under its end.
      const end = ends.get(readerKey(rule)) ?? Math.ceil(now / reader.sliceMs) * reader.sliceMs;
      if (!ends.has(readerKey(rule))) await reader.refresh(end);
      ends.set(readerKey(rule), end);
      const moves = stepCounted(rule, reader.read(rule, end), this.instancesOf(rule.id), now);
      for (const { instance } of moves) this.#remember(instance);
      if (moves.length > 0) moved.push({ rule, at: now, moves });
    }
    return moved;
  }

  /** The next slot of any rule after `now`, ms; a rule that is blocked is tried again every second. */
  nextSlot(now: number): number | null {
    const next = this.#rules.map(({ rule, grid }) => {
      const blocked = this.#statuses.get(rule.id)?.blockedSince ?? null;
      const slot = slotAt(grid, now) + grid.interval;
      return blocked === null ? slot : Math.min(slot, now + RETRY_HELD_MS);
    });
    return next.length === 0 ? null : Math.min(...next);
  }

  statusOf(ruleId: string): RuleStatus | undefined {
    return this.#statuses.get(ruleId);
  }

  instancesOf(ruleId: string): Instance[] {
    return [...(this.#instances.get(ruleId)?.values() ?? [])];
  }

  /** Reads each series once, as far as any of its rules needs. Gives the reason for each series that failed. */
  async #refresh(ready: readonly Due[]): Promise<Map<string, string>> {
    const until = new Map<string, number>();
    for (const { rule, at } of ready) {
      const key = readerKey(rule);
      until.set(key, Math.max(at, until.get(key) ?? at));
    }
    const failures = new Map<string, string>();
    // Together, so that a source can read all of them at once.
    await Promise.all(
      [...until].map(async ([key, to]) => {
        try {
          await attempt(TRIES, async () => this.#readers.get(key)?.refresh(to));
        } catch (error) {
          failures.set(key, messageOf(error));
        }
      }),
    );
    return failures;
  }

  #apply(round: Round, due: Due, fresh: boolean): void {
    const { rule, slot, at, missed } = due;
    const readings = this.#readers.get(readerKey(rule))?.read(rule, at) ?? [];
    const before = this.#afterOutage(due);
    const step = stepRule(rule, readings, before, fresh, slot);
    const status: RuleStatus = {
      ruleId: rule.id,
      ...step.status,
      lastSlot: slot,
      missedTotal: (this.#statuses.get(rule.id)?.missedTotal ?? 0) + missed,
      blockedSince: null,
    };
    this.#instances.set(rule.id, new Map(step.instances.map((instance) => [instance.fingerprint, instance])));
    this.#statuses.set(rule.id, status);
    round.statuses.push(status);
    round.changed.push(...(missed > 0 ? step.instances : step.changed));
    round.followed.push(...step.followed.map((instance) => ({ rule, instance })));
    if (step.moved.length > 0) round.moved.push({ rule, at: slot, moves: step.moved });
  }

  /** The instances of a rule as they were, or, when slots were missed, as an outage leaves them. */
  #afterOutage({ rule, slot, missed }: Due): Instance[] {
    const instances = this.instancesOf(rule.id);
    const last = this.#statuses.get(rule.id)?.lastSlot ?? null;
    if (!this.#restore || missed === 0 || last === null) return instances;
    return restored(instances, rule, this.#restore, last, slot);
  }

  /** The rule cannot be evaluated: what was decided stays. The slot stays due. */
  #block(round: Round, rule: RuleConfig, now: number, reason: string): void {
    const before = this.#statuses.get(rule.id);
    const status: RuleStatus = {
      ruleId: rule.id,
      state: reason.startsWith('error') ? 'error' : (before?.state ?? 'insufficient'),
      value: before?.value ?? null,
      sample: before?.sample ?? null,
      reason,
      lastSlot: before?.lastSlot ?? null,
      missedTotal: before?.missedTotal ?? 0,
      blockedSince: before?.blockedSince ?? now,
    };
    this.#statuses.set(rule.id, status);
    round.statuses.push(status);
  }

  #remember(instance: Instance): void {
    const own = this.#instances.get(instance.ruleId) ?? new Map<string, Instance>();
    own.set(instance.fingerprint, instance);
    this.#instances.set(instance.ruleId, own);
  }
}

async function attempt(tries: number, work: () => Promise<unknown>): Promise<unknown> {
  for (let left = tries; ; left--) {
    try {
      return await work();
    } catch (error) {
      if (left <= 1) throw error;
    }
  }
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
