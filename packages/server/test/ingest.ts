import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../src/lib/clock.ts';
import type { Log } from '../src/lib/log.ts';
import { createIngest, type Ingest, type IngestOptions } from '../src/observe/ingest/index.ts';

/** The built thread script, for tests that run from source. */
export const PARSE_WORKER = new URL('../dist/observe/ingest/parse-worker.js', import.meta.url);

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => silentLog };

/** Ingest over a spool in a folder that `stop` removes. */
export async function startTestIngest(
  options: Pick<IngestOptions, 'telemetry'> & Partial<IngestOptions>,
): Promise<{ ingest: Ingest; folder: string; stop(): Promise<void> }> {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'yumops-test-spool-')));
  const ingest = await createIngest({
    folder,
    clock: systemClock,
    log: silentLog,
    worker: PARSE_WORKER,
    flushMs: 50,
    ...options,
  });
  return {
    ingest,
    folder,
    async stop() {
      await ingest.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Waits until `check` returns something, asking every 20 ms. */
export async function until<T>(
  check: () => Promise<T | undefined | false> | T | undefined | false,
  ms = 25_000,
): Promise<T> {
  const deadline = systemClock.monotonic() + ms;
  for (;;) {
    const value = await check();
    if (value) return value;
    if (systemClock.monotonic() > deadline) throw new Error(`Nothing happened within ${ms} ms.`);
    await systemClock.sleep(20);
  }
}
