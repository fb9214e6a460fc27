import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedChdb } from '../../src/engines/index.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createLog } from '../../src/lib/log.ts';
import { type ConnectedTelemetry, connectTelemetry, migrateTelemetry } from '../../src/store/telemetry/index.ts';

/** A real telemetry engine with the current schema. */
export interface TelemetryServer {
  telemetry: ConnectedTelemetry;
  /** Its address, with user and password. */
  url: string;
  /** Inserts rows as ingest does; equal rows have an equal token. `timestamp` in ms. */
  insert(table: string, rows: readonly Record<string, unknown>[]): Promise<void>;
  stop(): Promise<void>;
}

export async function startTelemetryServer(): Promise<TelemetryServer> {
  const home = await mkdtemp(join(tmpdir(), 'yumops-telemetry-'));
  const log = createLog(systemClock, () => undefined);
  const engine = await startEmbeddedChdb({ dataDir: home, clock: systemClock, log });
  const telemetry = connectTelemetry(engine.url);
  await migrateTelemetry(telemetry);
  return {
    telemetry,
    url: engine.url,
    async insert(table, rows) {
      const lines = rows.map((row) => JSON.stringify({ retentionClass: table, ...row }));
      const body = Buffer.from(`${lines.join('\n')}\n`);
      const token = createHash('sha256').update(table).update(body).digest('hex');
      await telemetry.insert(table, body, { token, rowCount: rows.length });
    },
    async stop() {
      await telemetry.close();
      await engine.stop();
      await rm(home, { recursive: true, force: true });
    },
  };
}
