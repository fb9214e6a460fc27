import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../src/config/index.ts';
import { FakeClock } from '../../src/lib/clock.ts';
import { createLog } from '../../src/lib/log.ts';
import type { AlertingConfig } from '../../src/respond/alerting/alerting-config.ts';
import { AlertEngine } from '../../src/respond/alerting/engine.ts';
import { changeGroup } from '../../src/respond/alerting/group/change.ts';
import type { GroupInput } from '../../src/respond/alerting/group/decide.ts';
import type { OnCallPolicy } from '../../src/respond/alerting/group/facts.ts';
import type { OutageSpool } from '../../src/respond/alerting/outage/spool.ts';
import type {
  AlertStore,
  BucketSource,
  MonitorStatus,
  PlannedWork,
  WatchedCondition,
} from '../../src/respond/alerting/ports.ts';
import { addSilence } from '../../src/respond/alerting/silence/add-silence.ts';
import { endSilence } from '../../src/respond/alerting/silence/end-silence.ts';
import type { SilenceDeps } from '../../src/respond/alerting/silence/ports.ts';
import { MemoryAlertStore } from '../../src/respond/alerting/state/memory.ts';
import type { DeliveryResult, Notifier, Outgoing } from '../../src/respond/notify/index.ts';
import { type OnCallConfig, resolveOnCall } from '../../src/respond/oncall/index.ts';
import { MemoryBuckets } from './memory-buckets.ts';

export const START = Date.UTC(2026, 0, 5, 10);

export type RigConfig = AlertingConfig & OnCallConfig;

/** Reads a configuration from YAML, as `yumops start` would. */
export function configOf(yaml: string, env: Record<string, string> = {}): RigConfig {
  const folder = mkdtempSync(join(tmpdir(), 'yumops-alert-'));
  try {
    writeFileSync(
      join(folder, 'yumops.yml'),
      `integrations:\n  slack: {webhook: "http://127.0.0.1:9/slack"}\n  smtp: {url: "smtp://127.0.0.1:9", from: ops@yumzoom.com}\n${yaml}`,
    );
    const { config, findings } = loadConfig({ path: folder, env });
    if (!config) throw new Error(`refused: ${JSON.stringify(findings, null, 1)}`);
    return config;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A message as it reached its receiver, `t` in seconds from the start. */
export interface Received {
  t: number;
  channel: string;
  target: string;
  kind: string;
  step: number;
  rule: string;
  id: string;
  key: string;
  thread: string | null;
  reason: string;
  title: string;
  mentions: readonly string[];
  alerts: string[];
}

/** Receivers on a fake clock: they take everything at once unless told otherwise. */
export class FakeReceivers {
  readonly received: Received[] = [];
  readonly refusals: Received[] = [];
  attempts = 0;
  /** Attempts that wait for the clock. */
  waiting = 0;
  /** Decides the answer to a message; undefined = it is taken. */
  answer: (message: Outgoing & { channel: string; t: number }) => DeliveryResult | { delayMs: number } | undefined =
    () => undefined;
  readonly #clock: FakeClock;
  readonly #start: number;

  constructor(clock: FakeClock) {
    this.#clock = clock;
    this.#start = clock.monotonic();
  }

  notifiers(channels: readonly string[]): Map<string, Notifier> {
    return new Map(channels.map((channel) => [channel, { send: (message) => this.#take(channel, message) }]));
  }

  async #take(channel: string, message: Outgoing): Promise<DeliveryResult> {
    this.attempts++;
    const t = (this.#clock.monotonic() - this.#start) / 1_000;
    const { kind, step, rule, reason, alerts } = message.body;
    const seen = {
      t,
      channel,
      target: message.target,
      kind,
      step,
      rule,
      id: message.id,
      key: message.key,
      thread: message.thread ?? null,
      reason,
      title: message.body.title,
      mentions: message.mentions ?? [],
      alerts: alerts.map((alert) => alert.id),
    };
    const answer = this.answer({ ...message, channel, t });
    if (answer && 'outcome' in answer && answer.outcome !== 'sent') {
      this.refusals.push(seen);
      return answer;
    }
    this.received.push(seen);
    if (answer && 'delayMs' in answer) {
      this.waiting++;
      await this.#clock.sleep(answer.delayMs);
      this.waiting--;
    }
    return { outcome: 'sent', detail: 'taken', receipt: `${channel}-${this.received.length}` };
  }
}

export interface RigOptions {
  store?: AlertStore;
  clock?: FakeClock;
  channels?: readonly string[];
  leaseMs?: number;
  /** Left out = critical alerts wait for the store while it is away. */
  outageSpool?: OutageSpool;
  /** Left out = nothing is planned. */
  plannedWork?: PlannedWork;
  /** Where rules read instead of `AlertRig.buckets`. */
  buckets?: BucketSource;
  /** What other parts of the platform find wrong. */
  conditions?: () => readonly WatchedCondition[];
  /** Real ways out instead of `AlertRig.receivers`. */
  notifiers?: () => ReadonlyMap<string, Notifier>;
  /** Called when an engine has something to do earlier than it said. */
  wake?: () => void;
}

/** The whole alert path on a fake clock: samples go in, messages come out. */
export class AlertRig {
  readonly clock: FakeClock;
  readonly buckets = new MemoryBuckets();
  readonly receivers: FakeReceivers;
  readonly store: AlertStore;
  monitors: MonitorStatus[] = [];
  /** Why the files as they are now do not run. */
  configRefusal: string | null = null;
  engine: AlertEngine | null = null;
  config: RigConfig;
  /** Event time of the oldest row that ingest has not counted; null = it has counted all. */
  watermark: number | null = null;
  readonly #options: RigOptions;
  readonly #start: number;
  #second: AlertEngine | null = null;
  #nextRun = 0;

  constructor(config: RigConfig, options: RigOptions = {}) {
    this.clock = options.clock ?? new FakeClock(START);
    this.config = config;
    this.store = options.store ?? new MemoryAlertStore(() => this.clock.now());
    this.receivers = new FakeReceivers(this.clock);
    this.#options = options;
    this.#start = this.clock.now() - this.clock.monotonic();
    this.boot();
  }

  readonly #resolveOnCall = async (now: number) => (policy: OnCallPolicy) =>
    resolveOnCall(policy, now, { ...this.config, overrides: [] });

  get t(): number {
    return this.clock.monotonic() / 1_000;
  }

  /** Starts an engine, as a process that starts would. */
  boot(instance = 'one'): void {
    this.engine = new AlertEngine(
      {
        store: this.store,
        buckets: this.#options.buckets ?? this.buckets,
        watermark: () => this.watermark ?? undefined,
        monitorStates: async () => this.monitors,
        resolveOnCall: this.#resolveOnCall,
        ...(this.#options.outageSpool && { outageSpool: this.#options.outageSpool }),
        ...(this.#options.plannedWork && { plannedWork: this.#options.plannedWork }),
        ...(this.#options.conditions && { conditions: this.#options.conditions }),
        configRefusal: () => this.configRefusal,
        notifiers:
          this.#options.notifiers ?? (() => this.receivers.notifiers(this.#options.channels ?? ['slack', 'email'])),
        clock: this.clock,
        log: createLog(this.clock, () => undefined),
        publicUrl: 'https://ops.yumzoom.app',
        instance,
        timing: { ingestDelayMs: 0, phase: 0 },
        leaseMs: this.#options.leaseMs ?? 600_000,
        wake: this.#options.wake ?? (() => undefined),
      },
      this.config,
    );
    this.#nextRun = 0;
  }

  /** The process is gone: what it had in memory too. A second instance goes on. */
  kill(): void {
    this.engine = this.#second;
    this.#second = null;
    this.#nextRun = 0;
  }

  /** Every `every` seconds in `[from, until]`: requests of which some failed. */
  requests(
    from: number,
    until: number,
    every: number,
    count: number,
    failed: number,
    labels: Record<string, string> = {},
  ): void {
    for (let t = from; t <= until; t += every) {
      const base = {
        series: 'requests',
        at: START + t * 1_000,
        labels: { service: 'api', environment: 'production', ...labels },
      };
      this.buckets.samples.push({ ...base, count, bad: failed, value: 120 });
    }
  }

  /** Every `every` seconds in `[from, until]`: one sample of a metric of the user's own. */
  gauge(name: string, from: number, until: number, every: number, value: number): void {
    for (let t = from; t <= until; t += every) {
      this.buckets.samples.push({ series: `metric:${name}`, at: START + t * 1_000, labels: {}, value });
    }
  }

  /** Another instance on the same store. */
  bootSecond(): void {
    const first = this.engine;
    this.boot('two');
    this.#second = this.engine;
    this.engine = first;
  }

  /** The changes of the first instance's state until `t`: `<seconds> <state>`. */
  async states(t: number): Promise<string[]> {
    const seen: string[] = [];
    let last = 'inactive';
    for (let now = 0; now <= t; now += 5) {
      await this.until(now);
      const [instance] = await this.store.instances();
      if (instance && instance.state !== last) seen.push(`${now} ${instance.state}`);
      last = instance?.state ?? last;
    }
    return seen;
  }

  /** Acknowledges every firing alert. */
  async acknowledge(by: string, via = 'console'): Promise<void> {
    await this.act((alertId, at) => ({ type: 'acknowledged', alertId, ack: { by, via, at } }));
  }

  /** Does something to every alert that anybody was told of. */
  async act(input: (alertId: string, at: number) => GroupInput): Promise<void> {
    const told = new Set(this.receivers.received.flatMap(({ alerts }) => alerts));
    const at = this.clock.now();
    for (const [alertId, groupKey] of await this.store.groupsOf([...told])) {
      await this.#change(groupKey, [alertId], input(alertId, at));
    }
    this.#nextRun = 0;
  }

  /** What a vendor says of a message, by the id under which it left. */
  async report(messageId: string, status: string, unreached: boolean): Promise<void> {
    for (const { id, groupKey, alertIds } of await this.store.leftAs(messageId)) {
      const report = { status, unreached, error: null };
      await this.#change(groupKey, alertIds, { type: 'reported', messageId: id, report });
    }
    this.#nextRun = 0;
  }

  async #change(groupKey: string, alertIds: readonly string[], input: GroupInput): Promise<void> {
    const deps = { store: this.store, resolveOnCall: this.#resolveOnCall };
    await changeGroup(deps, { groupKey, alertIds, inputs: [input], now: () => this.clock.now() });
  }

  /** Silences alerts from `from` to `end`, in seconds from the start; null = until they are resolved. */
  async silence(matchers: string[], end: number | null, from = this.t, reason = 'deploy'): Promise<string> {
    const time = (t: number) => START + t * 1_000;
    const input = { matchers, start: time(from), end: end === null ? null : time(end), reason, author: 'ada' };
    const silence = await addSilence(this.silences, input);
    this.#nextRun = 0;
    return silence.id;
  }

  async unsilence(id: string): Promise<void> {
    await endSilence(this.silences, id, 'bob');
    this.#nextRun = 0;
  }

  /** What changes of silences need. */
  get silences(): SilenceDeps {
    const { store } = this;
    return { store, resolveOnCall: this.#resolveOnCall, audit: async () => undefined, now: () => this.clock.now() };
  }

  reload(config: RigConfig): void {
    this.config = config;
    this.engine?.reload(config);
    this.#nextRun = 0;
  }

  /** Runs until the time `t` in seconds, inclusive. */
  async until(t: number): Promise<void> {
    for (;;) {
      const step = Math.min(
        t * 1_000,
        this.engine ? Math.max(this.#nextRun - this.#start, this.clock.monotonic()) : Number.POSITIVE_INFINITY,
      );
      await this.clock.advance(step - this.clock.monotonic());
      if (this.engine && this.clock.monotonic() >= this.#nextRun - this.#start) await this.run();
      if (this.clock.monotonic() >= t * 1_000) return;
    }
  }

  /** Runs the engine until it has nothing left to do at this instant. */
  async run(): Promise<void> {
    const engine = this.engine;
    if (!engine) return;
    // An attempt that ends may leave something new to do. What is due within milliseconds waits until the clock is there.
    for (let attempts = -1; attempts !== this.receivers.attempts || (await this.#isDue(engine)); ) {
      attempts = this.receivers.attempts;
      this.#nextRun = await engine.run();
      if (this.#second) this.#nextRun = Math.min(this.#nextRun, await this.#second.run());
      await this.settled();
    }
  }

  async #isDue(engine: AlertEngine): Promise<boolean> {
    if (this.#nextRun <= engine.now()) return true;
    return (
      this.#nextRun <= engine.now() + 10 && ((await this.store.nextDue()) ?? Number.POSITIVE_INFINITY) <= engine.now()
    );
  }

  async settled(): Promise<void> {
    const engine = this.engine;
    while (engine && engine.inFlight + (this.#second?.inFlight ?? 0) > this.receivers.waiting)
      await new Promise((resolve) => setImmediate(resolve));
  }

  /** `t channel target kind` of every message that was received. */
  timeline(): string[] {
    return this.receivers.received.map(({ t, channel, target, kind }) => `${t} ${channel} ${target} ${kind}`);
  }
}
