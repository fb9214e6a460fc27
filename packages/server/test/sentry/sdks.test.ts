import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomHex } from '../../src/lib/random.ts';
import { startTestTelemetry, type TestTelemetry } from '../engines.ts';
import { plantedIn, SECRETS } from '../support/planted.ts';
import { SERVER_KEY, type SentryRig, startSentryRig } from '../support/sentry-rig.ts';
import { installSdks } from './sdks/install.ts';

let store: TestTelemetry;
let rig: SentryRig;
let sdks: string;

beforeAll(async () => {
  [sdks, store] = await Promise.all([installSdks(), startTestTelemetry()]);
  rig = await startSentryRig(store.telemetry);
}, 400_000);

afterAll(async () => {
  await rig?.stop();
  await store?.stop();
});

async function runApp(sdk: string): Promise<string> {
  const run = randomHex(4);
  const DSN = `${rig.url.replace('://', `://${SERVER_KEY}@`)}/7`;
  const env = { ...process.env, SDK: sdk, SDK_FOLDER: sdks, DSN, RUN: run, SECRETS: JSON.stringify(SECRETS) };
  await promisify(execFile)(process.execPath, [join(import.meta.dirname, 'apps', 'node-app.mjs')], {
    env,
    timeout: 60_000,
  });
  return run;
}

describe.each(['sentry-node-8', 'sentry-node-10', 'sentry-node-11'])('%s', (sdk) => {
  let run: string;
  beforeAll(async () => {
    run = await runApp(sdk);
  });
  const rows = (sql: string, count = 1) => rig.rows(sql.replaceAll('RUN', run), {}, count);

  it('errors with their chain, tags, user and place', async () => {
    const [error] = await rows("SELECT * FROM error_events WHERE message = 'cannot pay RUN'");
    expect(error).toMatchObject({
      type: 'TypeError',
      level: 'error',
      release: `shop@1.0.0-${run}`,
      environment: 'production',
      userId: `user-${run}`,
      handled: true,
    });
    expect(String(error?.['culprit'])).toContain('pay (');
    const { values } = JSON.parse(String(error?.['exception'])) as {
      values: { value: string; stacktrace: { frames: object[] } }[];
    };
    expect(values.map(({ value }) => value)).toEqual([`bank is closed ${run}`, `cannot pay ${run}`]);
    expect(values[1]?.stacktrace.frames.length).toBeGreaterThan(1);
    expect(String(error?.['traceId'])).toMatch(/^[0-9a-f]{32}$/);
    const [message] = await rows("SELECT * FROM error_events WHERE message LIKE 'plain message RUN%'");
    expect(message).toMatchObject({ level: 'warning' });
    await rows("SELECT 1 FROM error_events WHERE message = 'in a request RUN'");
  });

  it('the attachment, with the event that it belongs to', async () => {
    const [file] = await rows(
      "SELECT a.* FROM attachments AS a JOIN error_events AS e ON e.eventId = a.eventId WHERE e.message = 'cannot pay RUN'",
    );
    expect(file).toMatchObject({ filename: 'state.json', contentType: 'application/json' });
    const bytes = await rig.ingest.readAttachment(String(file?.['id']));
    expect(JSON.parse(Buffer.from(bytes as Uint8Array).toString())).toEqual({ run, password: '[redacted]' });
  });

  it('spans in one trace, parent and child', async () => {
    const [root] = await rows("SELECT * FROM spans WHERE name = 'checkout RUN'");
    const [child] = await rows("SELECT * FROM spans WHERE name = 'charge RUN'");
    expect(child).toMatchObject({ traceId: root?.['traceId'], parentSpanId: root?.['spanId'], op: 'db.query' });
    expect(root).toMatchObject({ op: 'task', isRoot: true, release: `shop@1.0.0-${run}`, environment: 'production' });
  });

  it('the check-in as one row with its end', async () => {
    const [row] = await rows("SELECT * FROM check_ins WHERE slug = 'nightly-RUN' AND status = 'ok'");
    expect(row).toMatchObject({ durationMs: 1_500 });
    expect(await store.telemetry.query(`SELECT count() AS n FROM check_ins WHERE slug = 'nightly-${run}'`)).toEqual([
      { n: 1 },
    ]);
  });

  it('feedback and sessions', async () => {
    const [words] = await rows("SELECT * FROM feedback WHERE message = 'words RUN'");
    expect(words).toMatchObject({ name: 'Ada', email: 'ada@example.com' });
    const sessions = await rows("SELECT * FROM sessions WHERE release = 'shop@1.0.0-RUN'");
    expect(sessions.length).toBeGreaterThan(0);
  });

  it.skipIf(sdk === 'sentry-node-8')('logs and metrics', async () => {
    const [line] = await rows("SELECT * FROM application_logs WHERE message = 'log line RUN'");
    expect(line).toMatchObject({ level: 'info', environment: 'production', release: `shop@1.0.0-${run}` });
    expect(line?.['attributes']).toMatchObject({ cart: '3', authorization: '[redacted]' });
    const [point] = await rows("SELECT * FROM metrics WHERE name = 'orders.RUN'");
    expect(point).toMatchObject({ type: 'counter', value: 2 });
  });
});

it('none of the planted secrets is in the store or in a file', async () => {
  const tables = await store.telemetry.query<{ name: string }>(
    "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree' AND name != 'schema_migrations'",
  );
  for (const { name } of tables) {
    const rows = await store.telemetry.query(`SELECT * FROM ${name}`);
    expect(plantedIn(JSON.stringify(rows)), name).toBe('');
  }
  const files = await readdir(rig.folder, { recursive: true, withFileTypes: true });
  for (const file of files.filter((entry) => entry.isFile())) {
    const content = await readFile(join(file.parentPath, file.name)).catch(() => Buffer.alloc(0));
    expect(plantedIn(content), file.name).toBe('');
  }
});
