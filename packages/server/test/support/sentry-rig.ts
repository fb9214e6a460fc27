import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { audit } from '../../src/access/audit.ts';
import type { Guard, IngestKey } from '../../src/http/access.ts';
import { errorRoutes } from '../../src/http/errors.ts';
import { sentryRoutes } from '../../src/http/sentry.ts';
import { sentryUploadRoutes } from '../../src/http/sentry-uploads.ts';
import { createHttpServer } from '../../src/http/server.ts';
import { systemClock } from '../../src/lib/clock.ts';
import type { Db } from '../../src/lib/db.ts';
import { createErrors, type Errors } from '../../src/observe/errors/index.ts';
import type { ConnectedTelemetry } from '../../src/store/telemetry/connect.ts';
import { silentLog, startTestIngest, until } from '../ingest.ts';

export const SERVER_KEY = 'a'.repeat(32);
export const PUBLIC_KEY = 'b'.repeat(32);
export const ANY_KEY = 'c'.repeat(32);

const KEYS: Record<string, IngestKey> = {
  [SERVER_KEY]: { scope: 'server', project: '7' },
  [PUBLIC_KEY]: { scope: 'public', project: '7' },
  [ANY_KEY]: { scope: 'all', project: null },
};

export type SentryRig = Awaited<ReturnType<typeof startSentryRig>>;

/** Lets everybody in, as one responder. */
const openGuard: Guard = () => async (request) => {
  request.principal = { id: '1', name: 'ada', role: 'admin', kind: 'token' };
  request.reach = null;
};

function errorsOver(context: { db: Db; telemetry: ConnectedTelemetry; files: string }): Errors {
  const config = { ownership: [{ match: { path: '*checkout*' }, owners: ['team-checkout'] }], grouping: [] };
  return createErrors({ ...context, clock: systemClock, log: silentLog, audit, config: () => config });
}

/** The routes of Sentry's protocol over a real spool and a store. */
export async function startSentryRig(telemetry: ConnectedTelemetry, db?: Db) {
  const { ingest, folder, stop } = await startTestIngest({ telemetry });
  const app = await createHttpServer({ log: silentLog, version: '0.0.0' });
  await sentryRoutes(app, { ingest, findIngestKey: async (secret) => KEYS[secret] });
  const errors = db && errorsOver({ db, telemetry, files: join(folder, 'files') });
  if (errors) {
    errorRoutes(app, { errors, ingest, guard: openGuard, clock: systemClock });
    sentryUploadRoutes(app, { errors, guard: openGuard });
  }
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  const post = (path: string, body: string | Uint8Array, headers: Record<string, string> = {}) =>
    fetch(url + path, { method: 'POST', body: body as string, headers });
  return {
    url,
    ingest,
    errors: errors as Errors,
    folder,
    /** GET of the REST API. */
    get: async <Answer>(path: string) => (await (await fetch(url + path)).json()) as Answer,
    postJson: async (path: string, body: unknown) => {
      const answer = await fetch(url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
    },
    telemetry,
    post,
    /** Posts an envelope with the server key. */
    send: (body: string | Uint8Array, headers: Record<string, string> = {}, key = SERVER_KEY) =>
      post(`/api/7/envelope/?sentry_key=${key}&sentry_version=7`, body, headers),
    /** Rows of a query, as soon as there are so many. */
    rows: <Row = Record<string, unknown>>(sql: string, params: Record<string, unknown> = {}, count = 1) =>
      until(async () => {
        const rows = await telemetry.query<Row>(sql, params);
        return rows.length >= count && rows;
      }),
    async stop() {
      await app.close();
      await stop();
    },
  };
}

export const newId = () => randomBytes(16).toString('hex');

/** An envelope of items without lengths. */
export function envelope(header: object, ...items: [type: string | object, payload: unknown][]): string {
  const lines = items.flatMap(([type, payload]) => [
    JSON.stringify(typeof type === 'string' ? { type } : type),
    typeof payload === 'string' ? payload : JSON.stringify(payload),
  ]);
  return [JSON.stringify(header), ...lines].join('\n');
}

/** An event with one exception. */
export function errorEvent(id: string, more: object = {}): Record<string, unknown> {
  return {
    event_id: id,
    timestamp: Date.now() / 1_000,
    platform: 'node',
    level: 'error',
    exception: { values: [{ type: 'TypeError', value: 'x is not a function' }] },
    ...more,
  };
}
