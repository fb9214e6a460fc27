// A prober in a process of its own, on built code, for tests that kill it. Told what to do by one message.
import { systemClock } from '../../dist/lib/clock.js';
import { createUptime } from '../../dist/observe/uptime/index.js';
import { postgresProbe } from '../../dist/store/probes/index.js';
import { connectState, PostgresSignals } from '../../dist/store/state/index.js';

const silent = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };

process.once('message', async ({ stateUrl, monitors, instance, leaseMs }) => {
  const db = connectState(stateUrl, { log: silent });
  // Rows of checks go to whoever runs the test.
  const writer = {
    append: async (table, rows) => {
      if (table === 'checks' && instance !== undefined) process.send({ instance, rows });
    },
  };
  const journeys = { run: async () => ({ kind: 'done' }) };
  const shared = instance === undefined ? {} : { instance, leaseMs, signals: signalsOf(db, stateUrl) };
  const uptime = createUptime({
    db,
    journeys,
    writer,
    monitors,
    targets: {},
    clock: systemClock,
    log: silent,
    postgres: postgresProbe,
    ...shared,
  });
  await uptime.start();
  process.send('started');
  process.on('message', async () => {
    await uptime.stop();
    process.exit();
  });
});
process.once('disconnect', () => process.exit());

function signalsOf(db, url) {
  return new PostgresSignals({ url, db, clock: systemClock, log: silent });
}
