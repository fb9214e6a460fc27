import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { randomHex } from '../../src/lib/random.ts';
import { startTestTelemetry, type TestTelemetry } from '../engines.ts';
import { SERVER_KEY, type SentryRig, startSentryRig } from '../support/sentry-rig.ts';

let store: TestTelemetry;
let rig: SentryRig;

beforeAll(async () => {
  store = await startTestTelemetry();
  rig = await startSentryRig(store.telemetry);
});

afterAll(async () => {
  await rig?.stop();
  await store?.stop();
});

const ENTRY = join(import.meta.dirname, '../../../node/dist/sentry.js');
const SECRET = 'planted-hunter2';

async function runApp(end: string): Promise<{ run: string; code: number; stderr: string }> {
  const run = randomHex(4);
  const dsn = `${rig.url.replace('://', `://${SERVER_KEY}@`)}/7`;
  const env = {
    PATH: process.env.PATH,
    SDK_ENTRY: ENTRY,
    RUN: run,
    SECRET,
    END: end,
    SENTRY_DSN: dsn,
    NODE_ENV: 'production',
    YUMOPS_SERVICE: 'own',
  };
  const app = join(import.meta.dirname, 'apps', 'own-app.mjs');
  return promisify(execFile)(process.execPath, [app], { env, timeout: 30_000 }).then(
    ({ stderr }) => ({ run, code: 0, stderr }),
    (error: { code: number; stderr: string }) => ({ run, code: error.code, stderr: error.stderr }),
  );
}

it('errors, timings, check-ins and words arrive; noise and what beforeSend keeps back do not', async () => {
  const { run, code } = await runApp('flush');
  expect(code).toBe(0);
  const rows = (sql: string) => rig.rows(sql.replaceAll('RUN', run));
  const [error] = await rows("SELECT * FROM error_events WHERE message = 'cannot charge RUN'");
  expect(error).toMatchObject({
    type: 'TypeError',
    release: `own@1.0.0-${run}`,
    environment: 'production',
    service: 'own',
    userId: `user-${run}`,
    handled: true,
    tags: { operation: `checkout ${run}` },
  });
  const { values } = JSON.parse(String(error?.['exception'])) as {
    values: { value: string; stacktrace: { frames: { function: string; context_line?: string }[] } }[];
  };
  expect(values.map(({ value }) => value)).toEqual([`bank ${run}`, `cannot charge ${run}`]);
  expect(values[1]?.stacktrace.frames.at(-1)).toMatchObject({
    function: 'charge',
    context_line: expect.stringContaining('new TypeError'),
  });
  const [timed] = await rows("SELECT * FROM spans WHERE name = 'checkout RUN'");
  expect(timed).toMatchObject({ isRoot: true, status: 'internal_error', service: 'own' });
  expect(Number(timed?.['durationMs'])).toBeGreaterThan(25);
  const [inner] = await rows("SELECT * FROM spans WHERE name = 'query RUN'");
  expect(inner).toMatchObject({ traceId: timed?.['traceId'], parentSpanId: timed?.['spanId'], op: 'db.query' });
  await rows("SELECT 1 FROM check_ins WHERE slug = 'job-RUN' AND status = 'ok'");
  await rows("SELECT 1 FROM sessions WHERE release = 'own@1.0.0-RUN' AND exited = 1 AND crashed = 0");
  await rows("SELECT 1 FROM feedback WHERE message = 'words RUN' AND name = 'Bo'");
  await rig.rows(
    "SELECT 1 FROM client_reports WHERE source = 'client' AND reason IN ('before_send', 'event_processor')",
    {},
    2,
  );
  const others = await store.telemetry.query('SELECT 1 FROM error_events WHERE message LIKE {m:String}', {
    m: `%${run}%`,
  });
  expect(others).toHaveLength(1);
  const [event] = await store.telemetry.query<{ event: string }>(
    'SELECT event FROM error_event_rows WHERE message LIKE {m:String}',
    { m: `%charge ${run}%` },
  );
  expect(event?.event).not.toContain(SECRET);
  expect(event?.event).toContain('E_BANK');
});

it('an error that nobody caught arrives, and ends the process as it would without the SDK', async () => {
  const { run, code, stderr } = await runApp('throw');
  expect([code, stderr.includes(`Error: nobody caught ${run}`)]).toEqual([1, true]);
  const [row] = await rig.rows('SELECT * FROM error_events WHERE message = {m:String}', { m: `nobody caught ${run}` });
  expect(row).toMatchObject({ level: 'fatal', handled: false });
  // The process is the one session of its release, and it crashed.
  const [session] = await rig.rows('SELECT crashed, environment FROM sessions WHERE release = {r:String}', {
    r: `own@1.0.0-${run}`,
  });
  expect(session).toEqual({ crashed: 1, environment: 'production' });
});
