import type { FastifyInstance } from 'fastify';
import type { IngestKey } from '../../src/http/access.ts';
import { foreignLogRoutes } from '../../src/http/foreign-logs.ts';
import { ingestRoutes } from '../../src/http/ingest.ts';
import { otlpRoutes } from '../../src/http/otlp.ts';
import { pingRoutes } from '../../src/http/ping.ts';
import { rumRoutes } from '../../src/http/rum.ts';
import { sentryRoutes } from '../../src/http/sentry.ts';
import { createHttpServer } from '../../src/http/server.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createLog } from '../../src/lib/log.ts';
import { Secret } from '../../src/lib/secret.ts';
import type { BeatSignal } from '../../src/observe/uptime/index.ts';
import type { ConnectedTelemetry } from '../../src/store/telemetry/connect.ts';
import { startTestIngest, until } from '../ingest.ts';

/** Key of scope `server` of project 7, as Sentry's SDKs want keys to look. */
export const SERVER_KEY = 'a'.repeat(32);
/** Key of scope `public` of project 7. */
export const PUBLIC_KEY = 'b'.repeat(32);
/** Signs the drains of Vercel. */
export const DRAIN_SECRET = 'secret-of-the-drain';

const KEYS: Record<string, IngestKey> = {
  [SERVER_KEY]: { scope: 'server', project: '7' },
  [PUBLIC_KEY]: { scope: 'public', project: '7' },
};

export type IntakeRig = Awaited<ReturnType<typeof startIntakeRig>>;

/** Every route by which telemetry comes in, over a real spool and store, with the platform's own log kept. */
export async function startIntakeRig(telemetry: ConnectedTelemetry) {
  const logged: string[] = [];
  const beats: BeatSignal[] = [];
  const log = createLog(systemClock, (line) => logged.push(line), 'debug');
  const { ingest, folder, stop } = await startTestIngest({ telemetry, log });
  const app: FastifyInstance = await createHttpServer({ log, version: '0.0.0' });
  const findIngestKey = async (secret: string) => KEYS[secret];
  ingestRoutes(app, { ingest, findIngestKey });
  await sentryRoutes(app, { ingest, findIngestKey });
  await otlpRoutes(app, { ingest, findIngestKey });
  await rumRoutes(app, { ingest, findIngestKey });
  await foreignLogRoutes(app, {
    ...{ ingest, findIngestKey, presetKey: undefined },
    vercel: () => ({ secret: new Secret(DRAIN_SECRET), verify: null }),
  });
  const beat = async (_token: string, signal: BeatSignal) => {
    beats.push(signal);
    return 'kept' as const;
  };
  await pingRoutes(app, { beat });
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  return {
    url,
    ingest,
    folder,
    /** Lines of the platform's own log. */
    logged,
    /** What jobs said of themselves. */
    beats,
    post: (path: string, body: string | Uint8Array, headers: Record<string, string> = {}) =>
      fetch(url + path, { method: 'POST', body: body as string, headers }),
    /** Rows of a query, as soon as there are so many. */
    rows: <Row = Record<string, unknown>>(sql: string, params: Record<string, unknown> = {}, count = 1) =>
      until(async () => {
        const rows = await telemetry.query<Row>(sql, params);
        return rows.length >= count && rows;
      }),
    /** Waits until the store has all that was taken. */
    settled: () => until(() => ingest.stats().lagSeconds === 0 && ingest.watermark() === undefined),
    async stop() {
      await app.close();
      await stop();
    },
  };
}
