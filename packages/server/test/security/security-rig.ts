import type { SecurityBlock, SecurityDetection } from '@yumops/protocol';
import type { FastifyInstance } from 'fastify';
import { audit } from '../../src/access/audit.ts';
import { SecurityWatch } from '../../src/care/security/index.ts';
import { ingestRoutes } from '../../src/http/ingest.ts';
import { securityRoutes } from '../../src/http/security.ts';
import { restrictionRoutes } from '../../src/http/security-restrictions.ts';
import { createHttpServer } from '../../src/http/server.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { randomHex } from '../../src/lib/random.ts';
import { GeoIp } from '../../src/main/geoip.ts';
import { PostgresSignals } from '../../src/store/state/index.ts';
import { startTestState, startTestTelemetry, type TestState, type TestTelemetry } from '../engines.ts';
import { silentLog, startTestIngest } from '../ingest.ts';

const HOUR = 3_600_000;

/** Both stores, shared by the tests of a file. */
export interface SecurityStores {
  state: TestState;
  telemetry: TestTelemetry;
  stop(): Promise<void>;
}

export async function openSecurityStores(): Promise<SecurityStores> {
  const [state, telemetry] = await Promise.all([startTestState(), startTestTelemetry()]);
  return { state, telemetry, stop: async () => void (await Promise.all([state.stop(), telemetry.stop()])) };
}

/** One instance of the platform, as far as it watches for attacks: intake, detectors, routes. */
export interface SecurityInstance {
  name: string;
  app: FastifyInstance;
  watch: SecurityWatch;
  url: string;
  /** `security.allow`. */
  allow: string[];
  /** While `shut` it stores no rows; while `deaf` it hears no word of others. */
  faults: { shut: boolean; deaf: boolean };
  /** Sends records to the intake. */
  send(records: readonly Record<string, unknown>[], key?: string): Promise<void>;
  get<Answer>(path: string): Promise<Answer>;
  detections(): Promise<SecurityDetection[]>;
  blocks(): Promise<SecurityBlock[]>;
  stop(): Promise<void>;
}

/** Forgets what was found and what it was found in. */
export async function emptySecurityStores({ state, telemetry }: SecurityStores): Promise<void> {
  await state.db.query('TRUNCATE security_detections, security_restrictions');
  await telemetry.telemetry.command('TRUNCATE TABLE security_event_rows');
}

/** Keys `key-N` belong to project N; `public` is one that web pages show. */
const findIngestKey = async (secret: string) => {
  if (secret === 'public') return { scope: 'public' as const, project: '1' };
  const project = /^key-(\d+)$/.exec(secret)?.[1];
  return project === undefined ? undefined : { scope: 'server' as const, project };
};

/** @param geoip path of a file of places; null = none @param others those that are there already */
export async function startSecurityInstance(
  { state, telemetry }: SecurityStores,
  geoip: string | null = null,
  others: readonly SecurityInstance[] = [],
): Promise<SecurityInstance> {
  const clock = systemClock;
  const instance = randomHex(4);
  const config = { allow: [] as string[], blockForMs: HOUR, slowGuessing: { failures: 20, within: 24 * HOUR } };
  let watch: SecurityWatch | undefined;
  const faults = { shut: false, deaf: false };
  const intake = await startTestIngest({
    telemetry: {
      insert: async (...row) => {
        if (faults.shut) throw new Error('shut');
        await telemetry.telemetry.insert(...row);
      },
    },
    accountKey: 'test',
    onLogRows: (rows, isSecurity) => watch?.feed.offer(rows, isSecurity),
  });
  const signals = new PostgresSignals({ url: state.url, db: state.db, clock, log: silentLog });
  watch = new SecurityWatch({
    ...{ db: state.db, telemetry: telemetry.telemetry, writer: intake.ingest.writer, clock, log: silentLog },
    signals: {
      send: (channel, text) => signals.send(channel, text),
      listen: (channel, hear) => signals.listen(channel, (text) => faults.deaf || hear(text)),
      onGap: (gap) => signals.onGap(gap),
    },
    ...{ instance, others: async () => others.map((one) => one.name), service: 'test', config: () => config, audit },
    showWaitingRows: (show) => intake.ingest.showWaitingLogRows(show),
    location: new GeoIp({ path: () => geoip, clock, log: silentLog }),
  });
  await watch.start();
  const app = await createHttpServer({ log: silentLog, version: 'test' });
  const guard = () => async (request: { principal?: unknown; reach?: null }) => {
    request.reach = null;
    request.principal = { id: '1', name: 'ada@yumzoom.com', role: 'responder', kind: 'person' };
  };
  ingestRoutes(app, { ingest: intake.ingest, findIngestKey });
  const deps = { watch, telemetry: telemetry.telemetry, db: state.db, audit, config: () => config, clock };
  securityRoutes(app, { ...deps, guard: guard as never });
  restrictionRoutes(app, { watch, allow: () => config.allow, findIngestKey, clock });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const get = async <Answer>(path: string) => (await (await fetch(url + path)).json()) as Answer;
  return {
    ...{ name: instance, app, watch, url, get, allow: config.allow, faults },
    async send(records, key = 'key-1') {
      const body = records.map((record) => JSON.stringify(record)).join('\n');
      const answer = await fetch(`${url}/ingest/ndjson`, { method: 'POST', headers: { 'x-yumops-key': key }, body });
      if (answer.status !== 202) throw new Error(`intake answered ${answer.status}`);
    },
    detections: async () => (await get<{ items: SecurityDetection[] }>('/api/v1/security/detections?limit=1000')).items,
    blocks: async () => (await get<{ items: SecurityBlock[] }>('/api/v1/security/blocks')).items,
    async stop() {
      await app.close();
      await watch?.stop();
      await intake.stop();
      await signals.close();
    },
  };
}

/** A sign-in as an application reports it. */
export function signIn(ok: boolean, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    timestamp: systemClock.now(),
    ...{ type: 'security', severity: ok ? 'low' : 'medium', service: 'web' },
    event: ok ? 'authn_login_success' : 'failed_authentication',
    ...{ ip: '203.0.113.9', account: 'alice@example.com' },
    ...(ok ? {} : { reason: 'bad_password' }),
    ...more,
  };
}
