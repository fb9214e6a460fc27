// A platform reduced to its intake: embedded engine, spool, HTTP. Started, and killed, by ingest-kills.mjs.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { startEmbeddedChdb } from '../../dist/engines/index.js';
import { ingestRoutes } from '../../dist/http/ingest.js';
import { createHttpServer } from '../../dist/http/server.js';
import { systemClock } from '../../dist/lib/clock.js';
import { createLog } from '../../dist/lib/log.js';
import { createIngest } from '../../dist/observe/ingest/index.js';
import { connectTelemetry, migrateTelemetry } from '../../dist/store/telemetry/index.js';
import { seedTelemetry } from '../support/engine-templates.mjs';

const [folder, dieAt = '', dieCount = '0'] = process.argv.slice(2);
const log = createLog(systemClock, (line) => process.stderr.write(line), 'error');
const home = join(folder, 'chdb');
if (!existsSync(home)) await seedTelemetry(home);
const engine = await startEmbeddedChdb({ dataDir: home, clock: systemClock, log });
const telemetry = connectTelemetry(engine.url);
await migrateTelemetry(telemetry);

let steps = 0;
const ingest = await createIngest({
  folder: join(folder, 'spool'),
  telemetry,
  clock: systemClock,
  log,
  segmentBytes: 2 * 1024 * 1024,
  flushMs: 100,
  onBatchStep(step) {
    if (step !== dieAt) return;
    steps += 1;
    if (steps === Number(dieCount)) process.kill(process.pid, 'SIGKILL');
  },
});
const app = await createHttpServer({ log, version: '0.0.0' });
ingestRoutes(app, { ingest, findIngestKey: async () => ({ scope: 'all', project: null }) });
const url = await app.listen({ port: 0, host: '127.0.0.1' });
process.send({ url, telemetryUrl: engine.url, enginePid: engine.pid });

process.on('message', async (message) => {
  if (message === 'stats') process.send({ stats: ingest.stats() });
  if (message !== 'stop') return;
  await app.close();
  await ingest.close();
  await telemetry.close();
  await engine.stop();
  process.disconnect();
});
