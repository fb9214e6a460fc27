import { messageOf } from '../../lib/errors.ts';
import { createLog } from '../../lib/log.ts';
import { seededRandom } from '../../lib/random.ts';
import {
  AlertEngine,
  type AlertStore,
  addSilence,
  changeGroup,
  endSilence,
  MemoryAlertStore,
  type MetricSource,
  MONITOR_RULE,
  MONITOR_RULE_ID,
} from '../alerting/index.ts';
import { resolveOnCall } from '../oncall/index.ts';
import { plannedBy } from '../windows/index.ts';
import { type Counted, SimulatedBuckets, samplesOf } from './buckets.ts';
import { SimulatedClock } from './clock.ts';
import { failuresOf } from './expectations.ts';
import { SimulatedMonitors } from './monitors.ts';
import { type Lifeline, SimulatedReceivers } from './receivers.ts';
import { type Acknowledged, type SimulationReport, seconds } from './report.ts';
import type { Action, InputLine, Occurring, Scenario, SimulatedConfig } from './scenario.ts';
import { StateRecorder } from './state-recorder.ts';

const LEASE_MS = 10_000;
/** An engine asks to run again at once so often, then time goes on. */
const MOST_RUNS_AT_ONCE = 50;
/** Engines never ask to run sooner than this, so what is due within it is due now. */
const QUANTUM_MS = 10;
/** A run that may end early looks so often whether it is over, and ends when it is twice in a row. */
const OVER_MS = 600_000;
/** Who silences. */
const AUTHOR = 'scenario';
const PUBLIC_URL = 'http://127.0.0.1:4600';

/** Where rules count what happens. */
const SOURCES: Readonly<Record<Counted['kind'], MetricSource>> = {
  requests: 'requests',
  outbound: 'outbound_calls',
  event: 'application_logs',
  gauge: 'metrics',
  check: 'checks',
};

/** What a simulation asks of an engine. */
export type SimulatedEngine = Pick<
  AlertEngine,
  'run' | 'now' | 'counted' | 'accept' | 'monitorsChanged' | 'reload' | 'isLeader' | 'inFlight'
> & {
  /** Ends it as SIGKILL would; left out = it is forgotten. */
  kill?(): Promise<void>;
};

export type SimulatedEngineDeps = ConstructorParameters<typeof AlertEngine>[0];

/** An engine from its start until it is killed. */
interface Life extends Lifeline {
  engine: SimulatedEngine;
  /** When it wants to run, in ms of elapsed time. */
  nextRun: number;
}

/** Something of the scenario that happens at an instant, ms of elapsed time. */
interface Event {
  at: number;
  happen(): void | Promise<void>;
}

export interface SimulationOptions {
  /** Makes the durable state of the run; default is one in memory. @param now the database's clock, ms since the epoch */
  makeStore?(now: () => number): AlertStore;
  /** Makes the engine of an instance; default is one in this process. */
  makeEngine?(deps: SimulatedEngineDeps, config: SimulatedConfig): SimulatedEngine;
  /** Whether there is nothing left to do; a run whose events are over then ends early. */
  isOver?(): Promise<boolean>;
}

/** Runs a scenario through the alert path on a clock of its own. */
export async function simulate(scenario: Scenario, options: SimulationOptions = {}): Promise<SimulationReport> {
  return new Simulation(scenario, options).run();
}

class Simulation {
  readonly #scenario: Scenario;
  readonly #clock: SimulatedClock;
  readonly #recorder: StateRecorder;
  readonly #store: AlertStore;
  readonly #buckets = new SimulatedBuckets();
  /** A scenario ends the same way each time that it is run. */
  readonly #random = seededRandom(0);
  readonly #receivers: SimulatedReceivers;
  readonly #monitors: SimulatedMonitors;
  readonly #lives: (Life | null)[];
  readonly #acks: Acknowledged[] = [];
  /** Ids in the store by those of the scenario. */
  readonly #silences = new Map<string, string>();
  readonly #failures: string[] = [];
  /** In order of time; at one instant in the order in which they were added. */
  readonly #events: Event[] = [];
  readonly #makeEngine: NonNullable<SimulationOptions['makeEngine']>;
  readonly #isOver: NonNullable<SimulationOptions['isOver']>;
  #config: SimulatedConfig;

  constructor(scenario: Scenario, { makeStore, makeEngine, isOver }: SimulationOptions) {
    const { start, config, instances } = scenario;
    this.#scenario = scenario;
    this.#makeEngine = makeEngine ?? ((deps, own) => new AlertEngine(deps, own));
    this.#isOver = isOver ?? (async () => false);
    this.#config = config;
    this.#clock = new SimulatedClock(start);
    const databaseNow = () => start + this.#clock.monotonic();
    this.#recorder = new StateRecorder(
      () => this.#clock.monotonic(),
      (id) => this.#nameOf(id),
      (id) => this.#config.monitors.find((monitor) => monitor.id === id)?.name ?? id,
    );
    this.#store = this.#recorder.over(makeStore?.(databaseNow) ?? new MemoryAlertStore(databaseNow));
    this.#receivers = new SimulatedReceivers(this.#clock, start);
    this.#monitors = new SimulatedMonitors(config.monitors);
    this.#lives = Array.from({ length: instances }, () => null);
  }

  async run(): Promise<SimulationReport> {
    const { input, actions, durationMs } = this.#scenario;
    for (const line of input) this.#plan(line);
    this.#lookForBeats();
    for (const { at, action } of actions) this.#at(at, () => this.#act(action));
    for (const index of this.#lives.keys()) this.#boot(index);
    for (let event = this.#next(durationMs); event; event = this.#next(durationMs)) {
      await this.#advance(event.at);
      await event.happen();
    }
    await this.#end(durationMs);
    await this.#runDue();
    await Promise.all(this.#alive().map(({ engine }) => engine.kill?.()));
    const { notifications } = this.#receivers;
    const { states } = this.#recorder;
    const failures = [...this.#failures, ...failuresOf(this.#scenario, notifications, states)];
    return { notifications, states, acks: this.#acks, failures };
  }

  /** Goes on until nothing is left to do, or this time. */
  async #end(durationMs: number): Promise<void> {
    let wasOver = false;
    while (this.#clock.monotonic() < durationMs) {
      const isOver = await this.#isOver();
      if (wasOver && isOver) return;
      wasOver = isOver;
      await this.#advance(Math.min(durationMs, this.#clock.monotonic() + OVER_MS));
    }
  }

  /** What was counted lies in the store under its own time; checks happen when they come. */
  #plan({ at, what, instance }: InputLine): void {
    const { start, config } = this.#scenario;
    const defaults = { service: config.service, environment: 'production' };
    for (const t of at) {
      if (what.kind === 'check') {
        const { monitor, ok, reason } = what;
        this.#at(t, () => this.#observed(() => this.#monitors.check(monitor, ok, reason, start + t)));
        for (const sample of samplesOf(what, start + t, {})) this.#buckets.add(sample);
      } else if (what.kind === 'ping') {
        const { monitor, signal, exit } = what;
        this.#at(t, () => this.#observed(() => this.#monitors.beat(monitor, signal, exit, start + t)));
      } else if (what.kind === 'alert') this.#at(t, () => this.#push(what, instance));
      else this.#planCounted(what, t, defaults);
    }
  }

  #planCounted(what: Counted, t: number, defaults: Readonly<Record<string, string>>): void {
    for (const sample of samplesOf(what, this.#scenario.start + t, defaults)) this.#buckets.add(sample);
    const source = SOURCES[what.kind];
    if (t < 0 || !this.#config.rules.some(({ metric }) => metric?.kind === 'counter' && metric.source === source))
      return;
    this.#at(t, () => {
      for (const life of this.#alive()) life.engine.counted([source]);
      this.#wakeAll();
    });
  }

  /** An alert that somebody pushes; one to an instance that is down is lost. */
  async #push({ labels, annotations, starts, ends }: Extract<Occurring, { kind: 'alert' }>, instance: number) {
    const life = this.#lives[instance];
    if (!life) return;
    const { start } = this.#scenario;
    const times = {
      ...(starts !== undefined && { startsAt: start + starts }),
      ...(ends !== undefined && { endsAt: start + ends }),
    };
    await life.engine.accept([{ labels, annotations, ...times }]);
    this.#wakeAll();
  }

  /** Heartbeats are looked at as often as the prober would. */
  #lookForBeats(): void {
    const { start, durationMs, config } = this.#scenario;
    for (const { name, kind, intervalMs } of config.monitors) {
      if (kind !== 'heartbeat') continue;
      for (let t = intervalMs; t <= durationMs; t += intervalMs) {
        this.#at(t, () => this.#observed(() => this.#monitors.look(name, start + t)));
      }
    }
  }

  /** Monitors may have changed: every engine looks at them at once. */
  #observed(change: () => void): void {
    change();
    for (const life of this.#alive()) life.engine.monitorsChanged();
    this.#wakeAll();
  }

  #at(at: number, happen: Event['happen']): void {
    const place = this.#events.findLastIndex((event) => event.at <= at) + 1;
    this.#events.splice(place, 0, { at, happen });
  }

  #next(until: number): Event | undefined {
    const [event] = this.#events;
    return event && event.at <= until ? this.#events.shift() : undefined;
  }

  async #act(action: Action): Promise<void> {
    switch (action.kind) {
      case 'ack':
        return this.#acknowledge(action);
      case 'crash':
        return this.#crash(action);
      case 'silence':
        return this.#silence(action);
      case 'unsilence':
        return this.#unsilence(action.id);
      case 'reload':
        this.#config = action.config;
        this.#monitors.use(action.config.monitors);
        for (const life of this.#alive()) life.engine.reload(action.config);
        return this.#wakeAll();
      case 'clock':
        return this.#clock.jump(action.jumpMs);
      case 'receiver':
        return this.#receivers.behave(action);
    }
  }

  async #acknowledge({ rule, by, via }: Extract<Action, { kind: 'ack' }>): Promise<void> {
    const elapsed = this.#clock.monotonic();
    const alerts = (await this.#store.firingAlerts()).filter((alert) => alert.rule === rule);
    if (alerts.length === 0)
      this.#failures.push(`at ${seconds(elapsed)} s no alert of "${rule}" fires, so ${by} cannot acknowledge it`);
    const at = this.#scenario.start + elapsed;
    for (const { id: alertId, groupKey } of alerts) {
      const inputs = [{ type: 'acknowledged' as const, alertId, ack: { by, via, at } }];
      await changeGroup(this.#deps(), { groupKey, alertIds: [alertId], inputs, now: () => at });
    }
    if (alerts.length > 0) this.#acks.push({ t: seconds(elapsed), rule, by, via });
    this.#wakeAll();
  }

  async #silence({ id, matchers, from, to }: Extract<Action, { kind: 'silence' }>): Promise<void> {
    const { start } = this.#scenario;
    const end = to === null ? null : start + to;
    const about = { reason: id, author: AUTHOR, confirm: true };
    try {
      const { id: stored } = await addSilence(this.#deps(), { matchers, start: start + from, end, ...about });
      this.#silences.set(id, stored);
    } catch (error) {
      this.#failures.push(`at ${seconds(this.#clock.monotonic())} s: ${messageOf(error)}`);
    }
    this.#wakeAll();
  }

  async #unsilence(id: string): Promise<void> {
    const stored = this.#silences.get(id);
    if (stored !== undefined) await endSilence(this.#deps(), stored, AUTHOR);
    else this.#failures.push(`at ${seconds(this.#clock.monotonic())} s there is no silence "${id}"`);
    this.#wakeAll();
  }

  /** What people's doings need, at this instant. */
  #deps() {
    const now = this.#scenario.start + this.#clock.monotonic();
    const audit = async () => undefined;
    return {
      store: this.#store,
      resolveOnCall: this.#resolveOnCall,
      plannedWork: this.#plannedWork,
      audit,
      now: () => now,
    };
  }

  async #crash({ forMs, instance }: Extract<Action, { kind: 'crash' }>): Promise<void> {
    for (const [index, life] of this.#lives.entries()) {
      const meant = instance === 'leader' ? life?.engine.isLeader() : instance === 'all' || instance === index + 1;
      if (!life || !meant) continue;
      life.alive = false;
      await life.engine.kill?.();
      this.#lives[index] = null;
      this.#at(this.#clock.monotonic() + forMs, () => this.#boot(index));
    }
  }

  #boot(index: number): void {
    const life: Lifeline = { alive: true, waiting: 0 };
    const running: Life = Object.assign(life, { engine: this.#engine(index, life), nextRun: this.#clock.monotonic() });
    this.#lives[index] = running;
  }

  #engine(index: number, life: Lifeline): SimulatedEngine {
    return this.#makeEngine(
      {
        store: this.#store,
        buckets: this.#buckets,
        watermark: () => undefined,
        monitorStates: async () => this.#monitors.statuses(),
        resolveOnCall: this.#resolveOnCall,
        plannedWork: this.#plannedWork,
        notifiers: (config) => this.#receivers.notifiers(config.integrations, life),
        clock: this.#clock,
        random: this.#random,
        log: createLog(this.#clock, () => undefined),
        publicUrl: PUBLIC_URL,
        instance: `instance-${index + 1}`,
        timing: { ingestDelayMs: 0, phase: this.#scenario.start },
        leaseMs: LEASE_MS,
        wake: () => {
          if (life.alive) this.#wakeAll();
        },
      },
      this.#config,
    );
  }

  readonly #resolveOnCall = async (now: number) => {
    const { schedules, people } = this.#config;
    return (policy: Parameters<typeof resolveOnCall>[0]) =>
      resolveOnCall(policy, now, { schedules, people, overrides: [] });
  };

  readonly #plannedWork = async () => {
    const { windows, slos } = this.#config;
    const labelled = slos.map(({ name, indicator: { labels } }) => ({ name, labels }));
    return plannedBy(windows, labelled);
  };

  #nameOf(ruleId: string): string {
    if (ruleId === MONITOR_RULE_ID) return MONITOR_RULE;
    return [...this.#config.rules, ...this.#scenario.config.rules].find(({ id }) => id === ruleId)?.name ?? ruleId;
  }

  #alive(): Life[] {
    return this.#lives.filter((life) => life !== null);
  }

  #wakeAll(): void {
    for (const life of this.#alive()) life.nextRun = this.#clock.monotonic();
  }

  /** Does all that is due before `until`, and moves the clock there: what is due then comes after its events. */
  async #advance(until: number): Promise<void> {
    for (;;) {
      const wishes = this.#alive().map(({ nextRun }) => nextRun);
      const next = Math.min(this.#clock.nextTimer, ...wishes);
      if (next >= until) break;
      await this.#moveTo(next);
      await this.#runDue();
    }
    await this.#moveTo(until);
  }

  /** Moves the clock; attempts that end by it are settled before anything else happens. */
  async #moveTo(at: number): Promise<void> {
    await this.#clock.advance(Math.max(0, at - this.#clock.monotonic()));
    for (const life of this.#alive()) await settled(life);
  }

  async #runDue(): Promise<void> {
    for (let runs = 0; runs < MOST_RUNS_AT_ONCE; runs++) {
      const due = this.#alive().filter(({ nextRun }) => nextRun <= this.#clock.monotonic() + QUANTUM_MS);
      if (due.length === 0) return;
      for (const life of due) await this.#runOnce(life);
    }
  }

  async #runOnce(life: Life): Promise<void> {
    life.nextRun = Number.POSITIVE_INFINITY;
    const wish = await life.engine.run();
    const wait = Math.max(0, wish - life.engine.now());
    await settled(life);
    life.nextRun = Math.min(life.nextRun, this.#clock.monotonic() + wait);
  }
}

/** Attempts that do not wait for the clock have ended. */
async function settled(life: Life): Promise<void> {
  while (life.engine.inFlight > life.waiting) await new Promise((resolve) => setImmediate(resolve));
}
