// A prober in a process of its own, on built code, for tests that kill it. Told what to do by one message.
import { systemClock } from '../../dist/lib/clock.js';
import { createUptime } from '../../dist/observe/uptime/index.js';
import { postgresProbe } from '../../dist/store/probes/index.js';
import { connectState } from '../../dist/store/state/index.js';

const silent = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };

process.once('message', async ({ stateUrl, monitors }) => {
  const db = connectState(stateUrl, { log: silent });
  const writer = { append: async () => undefined };
  const journeys = { run: async () => ({ kind: 'done' }) };
  const options = {
    db,
    journeys,
    writer,
    monitors,
    targets: {},
    clock: systemClock,
    log: silent,
    postgres: postgresProbe,
  };
  await createUptime(options).start();
  process.send('started');
});
process.once('disconnect', () => process.exit());
