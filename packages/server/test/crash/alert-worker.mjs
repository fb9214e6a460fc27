// One instance of the alert path as a process of its own, on the clock of the simulation that started it. What lies
// outside of it (buckets, monitors, receivers) it asks for; what must not be lost is in Postgres.
import { loadScenario } from '../../dist/config/index.js';
import { FakeClock } from '../../dist/lib/clock.js';
import { createLog } from '../../dist/lib/log.js';
import { AlertEngine } from '../../dist/respond/alerting/engine.js';
import { PostgresAlertStore } from '../../dist/respond/alerting/state/postgres.js';
import { resolveOnCall } from '../../dist/respond/oncall/index.js';
import { plannedBy } from '../../dist/respond/windows/index.js';
import { connectState } from '../../dist/store/state/index.js';

const { url, file, start, instance, config: begin, channels, leaseMs, publicUrl } = JSON.parse(process.argv[2]);
const { scenario } = loadScenario(file, { env: {} });
const reloads = scenario.actions.filter(({ action }) => action.kind === 'reload');
const configs = [scenario.config, ...reloads.map(({ action }) => action.config)];
let config = configs[begin];

const clock = new FakeClock(start);
const log = createLog(clock, () => undefined);
const db = connectState(url, { log, maxConnections: 4 });
const asked = new Map();
let questions = 0;

/** Asks the simulation. */
function ask(what, given) {
  const id = ++questions;
  process.send({ type: 'ask', id, what, given });
  return new Promise((resolve) => asked.set(id, resolve));
}

const engine = new AlertEngine(
  {
    store: new PostgresAlertStore(db, async () => start + clock.monotonic()),
    buckets: { read: (query) => ask('buckets', query) },
    watermark: () => undefined,
    monitorStates: () => ask('monitors'),
    resolveOnCall: async (now) => (policy) => resolveOnCall(policy, now, { ...config, overrides: [] }),
    plannedWork: async () =>
      plannedBy(
        config.windows,
        config.slos.map(({ name, indicator: { labels } }) => ({ name, labels })),
      ),
    notifiers: () =>
      new Map(channels.map((channel) => [channel, { send: (message) => ask('send', { channel, message }) }])),
    clock,
    log,
    publicUrl,
    instance,
    timing: { ingestDelayMs: 0, phase: start },
    leaseMs,
    wake: () => process.send({ type: 'settled', inFlight: engine.inFlight }),
  },
  config,
);

async function follow({ elapsed, wall }) {
  await clock.advance(Math.max(0, elapsed - clock.monotonic()));
  clock.jump(wall - clock.now());
}

async function take(message) {
  await follow(message);
  if (message.type === 'counted') engine.counted(message.given);
  else if (message.type === 'monitors') engine.monitorsChanged();
  else if (message.type === 'reload') {
    config = configs[message.given];
    engine.reload(config);
  } else {
    if (message.type === 'accept') await engine.accept(message.given);
    const wish = message.type === 'run' ? await engine.run() : 0;
    const { inFlight } = engine;
    process.send({ type: 'done', wish, now: engine.now(), leads: engine.isLeader(), inFlight });
  }
}

let last = Promise.resolve();
process.on('message', (message) => {
  if (message.type === 'answer') {
    // The engine waits for it: it comes before what waits for the engine.
    void follow(message).then(() => {
      asked.get(message.id)?.(message.given);
      asked.delete(message.id);
    });
    return;
  }
  last = last.then(() => take(message));
});
