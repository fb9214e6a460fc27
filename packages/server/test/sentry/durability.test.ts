import { cpSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Ingest, SentryFormat } from '../../src/observe/ingest/index.ts';
import { startTestTelemetry, type TestTelemetry } from '../engines.ts';
import { startTestIngest, until } from '../ingest.ts';
import { LEAKS, plantedIn, SECRETS } from '../support/planted.ts';
import { envelope, errorEvent, newId } from '../support/sentry-rig.ts';

let store: TestTelemetry;
const folders: string[] = [];

beforeAll(async () => {
  store = await startTestTelemetry();
});

afterAll(async () => {
  await store?.stop();
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

/** A store that never answers: everything stays in the spool. */
const silent = { insert: () => new Promise<void>(() => undefined) };

async function spoolFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'yumops-test-sentry-'));
  folders.push(folder);
  return folder;
}

const deliver = (ingest: Ingest, body: string, format: SentryFormat = 'envelope') =>
  ingest.acceptSentry({
    body: new Uint8Array(Buffer.from(body)),
    format,
    project: '7',
    scope: 'server',
    key: 'k',
    ip: null,
    userAgent: null,
  });

const asAttributes = Object.fromEntries(
  Object.entries(LEAKS).map(([name, value]) => [
    name,
    { value: typeof value === 'object' ? JSON.stringify(value) : value, type: 'string' },
  ]),
);
const NOW = () => Date.now() / 1_000;

function everyItem(): string {
  const trace = { trace_id: 'ab'.repeat(16), span_id: 'cd'.repeat(8) };
  const named = { ...asAttributes, 'http.request.header.cookie': { value: SECRETS.cookie, type: 'string' } };
  return envelope(
    { event_id: newId(), sdk: { name: 'x' } },
    [
      'event',
      errorEvent(newId(), {
        message: LEAKS.text,
        extra: LEAKS,
        tags: { url: LEAKS.url },
        request: {
          ...LEAKS,
          cookies: { s: SECRETS.cookie },
          data: LEAKS.body,
          query_string: [['token', SECRETS.token]],
        },
        breadcrumbs: [{ message: LEAKS.text, data: LEAKS }],
        user: { id: 'u', password: SECRETS.password },
        exception: {
          values: [
            {
              type: 'E',
              value: LEAKS.text,
              stacktrace: { frames: [{ function: 'f', vars: LEAKS, context_line: `login("${LEAKS.url}")` }] },
            },
          ],
        },
      }),
    ],
    [
      'transaction',
      {
        event_id: newId(),
        type: 'transaction',
        transaction: LEAKS.url,
        start_timestamp: NOW(),
        timestamp: NOW(),
        contexts: { trace },
        spans: [
          {
            ...trace,
            span_id: 'ef'.repeat(8),
            start_timestamp: NOW(),
            timestamp: NOW(),
            description: LEAKS.url,
            data: LEAKS,
          },
        ],
        tags: LEAKS,
      },
    ],
    [
      { type: 'span', item_count: 1 },
      {
        version: 2,
        items: [
          {
            ...trace,
            span_id: '12'.repeat(8),
            name: LEAKS.url,
            start_timestamp: NOW(),
            end_timestamp: NOW(),
            attributes: named,
          },
        ],
      },
    ],
    [
      { type: 'log', item_count: 1 },
      { version: 2, items: [{ timestamp: NOW(), level: 'info', body: LEAKS.text, attributes: named }] },
    ],
    [
      { type: 'trace_metric', item_count: 1 },
      { version: 2, items: [{ timestamp: NOW(), name: 'm', value: 1, type: 'counter', attributes: named }] },
    ],
    ['feedback', { contexts: { feedback: { message: LEAKS.text, url: LEAKS.url } } }],
    ['check_in', { check_in_id: newId(), monitor_slug: 'job', status: 'ok', token: SECRETS.token }],
    [
      { type: 'attachment', filename: `dump ${SECRETS.card}.json`, length: Buffer.byteLength(JSON.stringify(LEAKS)) },
      JSON.stringify(LEAKS),
    ],
    [
      { type: 'attachment', filename: 'log.txt', length: Buffer.byteLength(`${LEAKS.text}\n${LEAKS.url}`) },
      `${LEAKS.text}\n${LEAKS.url}`,
    ],
    ['replay_event', { replay_id: newId(), urls: [LEAKS.url], segment_id: 0 }],
    ['log', LEAKS],
    ['session', { status: 'ok', attrs: { release: LEAKS.text } }],
    ['from_the_future', LEAKS],
  );
}

it('no planted secret reaches the spool or a file, by any route and type', async () => {
  const folder = await spoolFolder();
  const { ingest } = await startTestIngest({ telemetry: silent, folder });
  await deliver(ingest, everyItem());
  await deliver(ingest, JSON.stringify(errorEvent(newId(), { extra: LEAKS })), 'store');
  await deliver(
    ingest,
    JSON.stringify({
      'csp-report': {
        'document-uri': LEAKS.url,
        'blocked-uri': LEAKS.url,
        'effective-directive': 'img-src',
        sample: LEAKS.text,
      },
    }),
    'security',
  );
  await deliver(ingest, JSON.stringify({ monitor_slug: 'job', status: 'ok', note: LEAKS.text }), 'check-in');
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  let bytes = 0;
  for (const file of files) {
    const content = await readFile(join(file.parentPath, file.name));
    bytes += content.length;
    expect(plantedIn(content), file.name).toBe('');
  }
  expect(bytes).toBeGreaterThan(5_000);
});

it('an event that was answered counts once, also when it comes again after a crash', async () => {
  const folder = await spoolFolder();
  const { ingest } = await startTestIngest({ telemetry: silent, folder });
  const id = newId();
  const body = envelope(
    { event_id: id },
    ['event', errorEvent(id)],
    [{ type: 'attachment', filename: 'a.txt', length: 5 }, 'hello'],
  );
  expect((await deliver(ingest, body)).id).toBe(id);
  const left = await spoolFolder();
  cpSync(folder, left, { recursive: true });
  const after = await startTestIngest({ telemetry: store.telemetry, folder: left });
  expect((await deliver(after.ingest, body)).id).toBe(id);
  expect(after.ingest.stats().repeated).toBe(1);
  await until(() => (after.ingest.stats().stored['error_event_rows'] ?? 0) > 0);
  const rows = await store.telemetry.query('SELECT count() AS n FROM error_event_rows WHERE eventId = {id:String}', {
    id,
  });
  expect(rows).toEqual([{ n: 1 }]);
  const [file] = await store.telemetry.query<{ id: string }>('SELECT id FROM attachments WHERE eventId = {id:String}', {
    id,
  });
  expect(Buffer.from((await after.ingest.readAttachment(file?.id ?? '')) as Uint8Array).toString()).toBe('hello');
  await after.ingest.close();
});
