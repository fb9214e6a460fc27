import { createHash } from 'node:crypto';
import type { ConnectedTelemetry } from '../../src/store/telemetry/index.ts';
import { startTestTelemetry } from '../engines.ts';

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
  const { telemetry, url, stop } = await startTestTelemetry();
  return {
    telemetry,
    url,
    stop,
    async insert(table, rows) {
      const lines = rows.map((row) => JSON.stringify({ retentionClass: table, ...row }));
      const body = Buffer.from(`${lines.join('\n')}\n`);
      const token = createHash('sha256').update(table).update(body).digest('hex');
      await telemetry.insert(table, body, { token, rowCount: rows.length });
    },
  };
}
