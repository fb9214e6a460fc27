// The platform's intake with its default settings: embedded engine, spool, HTTP. Started by run.mjs.
import { join } from 'node:path';
import { startEmbeddedChdb } from '../../packages/server/dist/engines/index.js';
import { ingestRoutes } from '../../packages/server/dist/http/ingest.js';
import { otlpRoutes } from '../../packages/server/dist/http/otlp.js';
import { sentryRoutes } from '../../packages/server/dist/http/sentry.js';
import { createHttpServer } from '../../packages/server/dist/http/server.js';
import { systemClock } from '../../packages/server/dist/lib/clock.js';
import { createLog } from '../../packages/server/dist/lib/log.js';
import { createIngest } from '../../packages/server/dist/observe/ingest/index.js';
import { connectTelemetry, migrateTelemetry } from '../../packages/server/dist/store/telemetry/index.js';

const [folder] = process.argv.slice(2);
const log = createLog(systemClock, (line) => process.stderr.write(line), 'warn');
const engine = await startEmbeddedChdb({ dataDir: join(folder, 'chdb'), clock: systemClock, log });
const telemetry = connectTelemetry(engine.url);
await migrateTelemetry(telemetry);
const ingest = await createIngest({ folder: join(folder, 'spool'), telemetry, clock: systemClock, log });
const app = await createHttpServer({ log, version: '0.0.0' });
const findIngestKey = async () => ({ scope: 'all', project: null });
ingestRoutes(app, { ingest, findIngestKey });
await otlpRoutes(app, { ingest, findIngestKey });
await sentryRoutes(app, { ingest, findIngestKey });
const url = await app.listen({ port: 0, host: '127.0.0.1' });
process.send({ url, telemetryUrl: engine.url, enginePid: engine.pid });
process.on('message', async () => {
  await app.close();
  await ingest.close();
  await telemetry.close();
  await engine.stop();
  process.disconnect();
});
