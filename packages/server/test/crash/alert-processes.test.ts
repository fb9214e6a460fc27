import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { loadScenario } from '../../src/config/index.ts';
import { PostgresAlertStore } from '../../src/respond/alerting/state/postgres.ts';
import { type SimulatedEngine, type SimulatedEngineDeps, simulate } from '../../src/respond/simulate/index.ts';
import { type StateServer, startStateServer } from '../support/state-server.ts';

const FOLDER = fileURLToPath(new URL('../../../../testdata/scenarios/', import.meta.url));
const WORKER = fileURLToPath(new URL('./alert-worker.mjs', import.meta.url));
const NEVER = new AbortController().signal;

/** What tells instances apart from one: a crash, a take-over, or a receiver that fails while there are two. */
const FILES = [
  'two-instances-take-over',
  'two-instances-killed-while-paging',
  'x3-push-killed-in-the-wait-of-its-group',
  'x4-push-killed-while-paging',
  'x6-push-two-instances-and-a-receiver-that-fails',
  'a11-reload-and-restart',
];

let server: StateServer;

beforeAll(async () => {
  server = await startStateServer();
});
afterEach(() => server.closeDatabases());
afterAll(() => server.stop());

interface Boot {
  url: string;
  file: string;
  start: number;
  /** Which of the scenario's configurations it begins with, and later gets. */
  placeOf: (config: unknown) => number;
}

type FromWorker =
  | { type: 'ask'; id: number; what: 'buckets' | 'monitors' | 'send'; given: never }
  | { type: 'settled'; inFlight: number }
  | { type: 'done'; wish: number; now: number; leads: boolean; inFlight: number };

/** An engine in a process of its own. */
class WorkerEngine implements SimulatedEngine {
  readonly #deps: SimulatedEngineDeps;
  readonly #boot: Boot;
  readonly #child: ChildProcess;
  #notifiers: ReturnType<SimulatedEngineDeps['notifiers']>;
  #done: (() => void) | null = null;
  #last = { wish: 0, now: 0, leads: false };
  inFlight = 0;

  constructor(deps: SimulatedEngineDeps, config: Parameters<SimulatedEngineDeps['notifiers']>[0], boot: Boot) {
    this.#deps = deps;
    this.#boot = boot;
    this.#notifiers = deps.notifiers(config);
    const { instance, leaseMs, publicUrl } = deps;
    const { url, file, start, placeOf } = boot;
    const given = { url, file, start, instance, config: placeOf(config), leaseMs, publicUrl };
    const argument = JSON.stringify({ ...given, channels: [...this.#notifiers.keys()] });
    this.#child = fork(WORKER, [argument], {
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#child.on('message', (message) => this.#hear(message as FromWorker));
  }

  async run(): Promise<number> {
    await this.#ask('run');
    return this.#last.wish;
  }

  now = () => this.#last.now;
  isLeader = () => this.#last.leads;
  monitorsChanged = () => this.#tell('monitors');
  counted = (sources: Iterable<unknown>) => this.#tell('counted', [...sources]);
  accept = (alerts: readonly unknown[]) => this.#ask('accept', alerts);

  reload(config: Parameters<SimulatedEngineDeps['notifiers']>[0]): void {
    this.#notifiers = this.#deps.notifiers(config);
    this.#tell('reload', this.#boot.placeOf(config));
  }

  async kill(): Promise<void> {
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }

  #tell(type: string, given?: unknown, id?: number): void {
    if (!this.#child.connected) return;
    const { clock } = this.#deps;
    this.#child.send({ type, given, id, elapsed: clock.monotonic(), wall: clock.now() });
  }

  async #ask(type: string, given?: unknown): Promise<void> {
    const done = new Promise<void>((resolve) => {
      this.#done = resolve;
    });
    this.#tell(type, given);
    await done;
  }

  #hear(message: FromWorker): void {
    if (message.type === 'ask') void this.#answer(message);
    else {
      this.inFlight = message.inFlight;
      if (message.type === 'settled') this.#deps.wake();
      else {
        this.#last = message;
        this.#done?.();
      }
    }
  }

  async #answer({ id, what, given }: Extract<FromWorker, { type: 'ask' }>): Promise<void> {
    const { buckets, monitorStates } = this.#deps;
    if (what === 'buckets') this.#tell('answer', await buckets.read(given), id);
    else if (what === 'monitors') this.#tell('answer', await monitorStates(), id);
    else {
      const { channel, message } = given as { channel: string; message: never };
      this.#tell('answer', await this.#notifiers.get(channel)?.send(message, NEVER), id);
    }
  }
}

test.each(FILES)('two processes on one Postgres: %s', { timeout: 120_000 }, async (name) => {
  const file = `${FOLDER}${name}.scenario.yml`;
  const { scenario } = loadScenario(file, { env: {} });
  if (!scenario) throw new Error(`${name} does not load`);
  const { db, url } = await server.database();
  const reloads = scenario.actions.flatMap(({ action }) => (action.kind === 'reload' ? [action.config] : []));
  const configs: unknown[] = [scenario.config, ...reloads];
  const boot: Boot = { url, file, start: scenario.start, placeOf: (config) => configs.indexOf(config) };
  const report = await simulate(
    { ...scenario, instances: Math.max(2, scenario.instances) },
    {
      makeStore: (now) => new PostgresAlertStore(db, async () => now()),
      makeEngine: (deps, config) => new WorkerEngine(deps, config, boot),
    },
  );
  expect(report.failures).toEqual([]);
  expect(report.notifications.length).toBeGreaterThan(0);
});
