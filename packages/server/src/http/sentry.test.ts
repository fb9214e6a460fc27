import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestTelemetry, type TestTelemetry } from '../../test/engines.ts';
import { until } from '../../test/ingest.ts';
import {
  ANY_KEY,
  envelope,
  errorEvent,
  newId,
  PUBLIC_KEY,
  SERVER_KEY,
  type SentryRig,
  startSentryRig,
} from '../../test/support/sentry-rig.ts';

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

/** A frame of zstd that holds its content as it is. */
function storedZstd(content: Buffer): Buffer {
  const head = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0, 0]);
  head.writeUInt32LE(content.length, 5);
  const block = Buffer.alloc(3);
  block.writeUIntLE((content.length << 3) | 1, 0, 3);
  return Buffer.concat([head, block, content]);
}

const events = (id: string, count = 1) =>
  rig.rows<Record<string, unknown>>('SELECT * FROM error_events WHERE eventId = {id:String}', { id }, count);

describe('encodings', () => {
  it.each([
    ['none', (body: Buffer) => body, undefined],
    ['gzip', gzipSync, 'gzip'],
    ['deflate', deflateSync, 'deflate'],
    ['deflate without its header', deflateRawSync, 'deflate'],
    ['br', brotliCompressSync, 'br'],
    ['zstd', storedZstd, 'zstd'],
  ])('%s', async (_name, encode, name) => {
    const id = newId();
    const body = encode(Buffer.from(envelope({ event_id: id }, ['event', errorEvent(id)])));
    const answer = await rig.send(body, name ? { 'content-encoding': name } : {});
    expect([answer.status, await answer.json()]).toEqual([200, { id }]);
    expect((await events(id))[0]).toMatchObject({ type: 'TypeError', message: 'x is not a function', project: '7' });
  });

  it.each([
    ['a truncated gzip body', 'gzip', gzipSync(Buffer.alloc(2_000, 'x')).subarray(0, 20), 400, 'bad_compression'],
    [
      'a truncated deflate body',
      'deflate',
      deflateSync(Buffer.alloc(2_000, 'x')).subarray(0, 9),
      400,
      'bad_compression',
    ],
    ['an empty deflate body', 'deflate', Buffer.alloc(0), 400, 'bad_compression'],
    ['a truncated zstd frame', 'zstd', storedZstd(Buffer.alloc(2_000, 'x')).subarray(0, 100), 400, 'bad_compression'],
    ['a zstd body that is none', 'zstd', Buffer.from('{}'), 400, 'bad_compression'],
    [
      'a truncated brotli body',
      'br',
      brotliCompressSync(Buffer.alloc(2_000, 'x')).subarray(0, 5),
      400,
      'bad_compression',
    ],
    ['an encoding that nobody knows', 'snappy', Buffer.from('{}'), 415, 'unsupported_encoding'],
  ])('%s is refused', async (_name, encoding, body, status, code) => {
    const answer = await rig.send(body, { 'content-encoding': encoding });
    expect([answer.status, ((await answer.json()) as { error: { code: string } }).error.code]).toEqual([status, code]);
    expect(answer.headers.get('x-sentry-error')).toBeTruthy();
  });
});

describe('forms of the key', () => {
  const forms: [string, string, Record<string, string>, object][] = [
    ['query', `?sentry_key=${SERVER_KEY}&sentry_version=7&sentry_client=x`, {}, {}],
    [
      'x-sentry-auth',
      '',
      { 'x-sentry-auth': `Sentry sentry_version=7, sentry_key=${SERVER_KEY}, sentry_client=x` },
      {},
    ],
    ['authorization', '', { authorization: `Sentry sentry_key=${SERVER_KEY},sentry_version=7` }, {}],
    ['dsn in the envelope', '', {}, { dsn: `https://${SERVER_KEY}@ops.example/7` }],
  ];
  it.each(forms)('%s', async (_name, query, headers, header) => {
    for (const path of ['/api/7/envelope/', '/api/7/envelope']) {
      const id = newId();
      const answer = await rig.post(
        path + query,
        envelope({ event_id: id, ...header }, ['event', errorEvent(id)]),
        headers,
      );
      expect([answer.status, await answer.json()]).toEqual([200, { id }]);
    }
  });

  it.each([
    ['no key', '/api/7/envelope/', 401],
    ['an unknown key', `/api/7/envelope/?sentry_key=${'f'.repeat(32)}`, 403],
    ['a key of another project', `/api/8/envelope/?sentry_key=${SERVER_KEY}`, 403],
    ['a project that is no number', `/api/shop/envelope/?sentry_key=${SERVER_KEY}`, 400],
  ])('%s', async (_name, path, status) => {
    expect((await rig.post(path, envelope({}, ['event', errorEvent(newId())]))).status).toBe(status);
  });

  it('a project appears on first use of the key for all', async () => {
    const id = newId();
    await rig.post(`/api/4711/envelope/?sentry_key=${ANY_KEY}`, envelope({ event_id: id }, ['event', errorEvent(id)]));
    expect((await events(id))[0]).toMatchObject({ project: '4711' });
  });

  it('a browser of another origin may ask and read the answer', async () => {
    const asked = await fetch(`${rig.url}/api/7/envelope/`, {
      method: 'OPTIONS',
      headers: { origin: 'https://shop.example', 'access-control-request-method': 'POST' },
    });
    expect(asked.status).toBe(204);
    expect(asked.headers.get('access-control-allow-origin')).toBe('*');
    expect(asked.headers.get('access-control-allow-headers')).toContain('x-sentry-auth');
    const answer = await rig.send(
      envelope({}, ['session', { sid: newId(), status: 'ok', started: new Date().toISOString() }]),
    );
    expect(answer.headers.get('access-control-expose-headers')).toContain('x-sentry-rate-limits');
  });
});

describe('malformed envelopes', () => {
  const ok = () => {
    const id = newId();
    return { id, header: { event_id: id }, event: errorEvent(id) };
  };

  it('CR LF line ends and no last newline are read', async () => {
    const { id, header, event } = ok();
    const payload = JSON.stringify(event);
    const lines = [JSON.stringify(header), JSON.stringify({ type: 'event', length: payload.length }), payload];
    expect((await rig.send(lines.join('\r\n'))).status).toBe(200);
    await events(id);
  });

  it('a payload with a length may hold newlines', async () => {
    const { id, header, event } = ok();
    const text = 'line 1\nline 2\n{"not":"a header"}';
    const body = envelope(
      header,
      ['event', event],
      [{ type: 'attachment', filename: 'a.txt', length: text.length }, text],
    );
    expect((await rig.send(body)).status).toBe(200);
    const [row] = await rig.rows('SELECT * FROM attachments WHERE eventId = {id:String}', { id });
    expect(row).toMatchObject({ filename: 'a.txt', bytes: text.length });
    expect(Buffer.from((await rig.ingest.readAttachment(String(row?.['id']))) as Uint8Array).toString()).toBe(text);
  });

  it('unknown types are skipped and counted', async () => {
    const { id, header, event } = ok();
    expect((await rig.send(envelope(header, ['from_the_future', { a: 1 }], ['event', event]))).status).toBe(200);
    await events(id);
    const lost = await rig.rows(
      "SELECT * FROM client_reports WHERE source = 'server' AND reason = 'unknown_item_type'",
    );
    expect(lost[0]).toMatchObject({ quantity: 1 });
  });

  it('an envelope of unknown types alone is answered with 200', async () => {
    expect((await rig.send(envelope({}, ['from_the_future', {}]))).status).toBe(200);
  });

  it.each<[string, () => string, number, string]>([
    [
      'a length beyond the body',
      () => envelope({}, [{ type: 'event', length: 9_999 }, errorEvent(newId())]),
      400,
      'invalid_item_length',
    ],
    [
      'a length too short',
      () => envelope({}, [{ type: 'event', length: 5 }, errorEvent(newId())]),
      400,
      'invalid_item_length',
    ],
    [
      'a header of 5 MB',
      () => envelope({ trace: { x: 'y'.repeat(5_000_000) } }, ['event', errorEvent(newId())]),
      400,
      'envelope_header_too_large',
    ],
    ['a header that is no JSON', () => 'hello\n{"type":"event"}\n{}', 400, 'invalid_envelope'],
    ['an empty body', () => '', 400, 'invalid_envelope'],
    ['an event that is no JSON', () => envelope({}, ['event', '{"a":']), 400, 'invalid_json'],
    [
      'an event over 1 MiB',
      () => envelope({}, ['event', errorEvent(newId(), { extra: { a: 'x'.repeat(1_100_000) } })]),
      413,
      'too_large',
    ],
    [
      'two events',
      () => envelope({}, ['event', errorEvent(newId())], ['event', errorEvent(newId())]),
      400,
      'duplicate_item',
    ],
    [
      'a body that nests for ever',
      () => envelope({}, ['event', `{"extra":${'['.repeat(50_000)}${']'.repeat(50_000)}}`]),
      200,
      '',
    ],
  ])('%s', async (_name, make, status, code) => {
    const answer = await rig.send(make());
    const body = (await answer.json()) as { error?: { code: string } };
    expect([answer.status, body.error?.code ?? '']).toEqual([status, code]);
  });

  it('an event id counts once, whatever comes with it', async () => {
    const { id, header, event } = ok();
    const first = await rig.send(envelope(header, ['event', event]));
    const second = await rig.send(
      envelope({ ...header, sent_at: new Date().toISOString() }, ['event', { ...event, level: 'fatal' }]),
    );
    expect([first.status, second.status, await second.json()]).toEqual([200, 200, { id }]);
    await rig.send(envelope({ event_id: newId() }, ['event', errorEvent(newId(), { tags: { after: id } })]));
    await rig.rows("SELECT * FROM error_events WHERE tags['after'] = {id:String}", { id });
    expect(await events(id)).toHaveLength(1);
  });

  it('a clock ten hours off is corrected by sent_at; what is not believed keeps its time in the event', async () => {
    const early = ok();
    const off = Date.now() - 36_000_000;
    const event = { ...early.event, timestamp: off / 1_000 - 5 };
    await rig.send(envelope({ ...early.header, sent_at: new Date(off).toISOString() }, ['event', event]));
    const [row] = await events(early.id);
    expect(Math.abs(Date.parse(String(row?.['timestamp'])) - (Date.now() - 5_000))).toBeLessThan(60_000);
    const ancient = ok();
    await rig.send(envelope(ancient.header, ['event', { ...ancient.event, timestamp: 946_684_800 }]));
    const [stored] = await rig.rows('SELECT timestamp, event FROM error_event_rows WHERE eventId = {id:String}', {
      id: ancient.id,
    });
    expect(Date.now() - Date.parse(String(stored?.['timestamp']))).toBeLessThan(60_000);
    expect(String(stored?.['event'])).toContain('"original_timestamp":"2000-01-01T00:00:00.000Z"');
  });
});

describe('scopes and allowances', () => {
  it('a public key sends no logs, metrics or check-ins; the rest of its envelope is taken', async () => {
    const id = newId();
    const log = { version: 2, items: [{ timestamp: Date.now() / 1_000, level: 'info', body: `public ${id}` }] };
    const mixed = await rig.send(
      envelope({ event_id: id }, ['event', errorEvent(id)], [{ type: 'log', item_count: 1 }, log]),
      {},
      PUBLIC_KEY,
    );
    expect(mixed.status).toBe(200);
    await events(id);
    const alone = await rig.send(
      envelope({}, ['check_in', { check_in_id: newId(), monitor_slug: 'nightly', status: 'ok' }]),
      {},
      PUBLIC_KEY,
    );
    expect(alone.status).toBe(403);
    expect(
      await store.telemetry.query('SELECT 1 FROM logs WHERE message LIKE {m:String}', { m: `public ${id}%` }),
    ).toEqual([]);
    await rig.rows("SELECT * FROM client_reports WHERE reason = 'key_scope' AND category = 'log_item'");
  });

  it('a public key that sends too much of one category is told which and for how long; others go on', async () => {
    const words = () => envelope({ event_id: newId() }, ['feedback', { contexts: { feedback: { message: 'hello' } } }]);
    let answer = await rig.send(words(), {}, PUBLIC_KEY);
    for (let i = 0; i < 80 && answer.status === 200; i += 1) answer = await rig.send(words(), {}, PUBLIC_KEY);
    expect(answer.status).toBe(429);
    expect(answer.headers.get('x-sentry-rate-limits')).toMatch(/^\d+:[^:]*:key:rate_limited/);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    const id = newId();
    const other = await rig.send(envelope({ event_id: id }, ['event', errorEvent(id)]), {}, PUBLIC_KEY);
    expect(other.status).toBe(200);
    expect(other.headers.get('x-sentry-rate-limits')).toMatch(/\d+:feedback:key/);
  });
});

describe('older routes', () => {
  it('store takes an event, also as Base64 of what was deflated', async () => {
    const id = newId();
    const plain = await rig.post(`/api/7/store/?sentry_key=${SERVER_KEY}`, JSON.stringify(errorEvent(id)));
    expect([plain.status, await plain.json()]).toEqual([200, { id }]);
    const other = newId();
    const packed = deflateSync(JSON.stringify(errorEvent(other))).toString('base64');
    expect((await rig.post(`/api/7/store/?sentry_key=${SERVER_KEY}`, packed)).status).toBe(200);
    await events(id);
    await events(other);
  });

  it('security takes what browsers report', async () => {
    const csp = {
      'csp-report': {
        'document-uri': 'https://shop.example/pay',
        'effective-directive': 'script-src-elem',
        'blocked-uri': 'https://evil.example/x.js',
      },
    };
    const answer = await rig.post(`/api/7/security/?sentry_key=${PUBLIC_KEY}`, JSON.stringify(csp), {
      'content-type': 'application/csp-report',
    });
    expect(answer.status).toBe(200);
    const [row] = await rig.rows("SELECT * FROM error_events WHERE type = 'csp'");
    expect(row).toMatchObject({ message: 'Blocked "script-src-elem" from https://evil.example', level: 'warning' });
    expect((await rig.post(`/api/7/security/?sentry_key=${PUBLIC_KEY}`, '{"hello":1}')).status).toBe(400);
  });

  it('cron takes a check-in by one call', async () => {
    const id = newId();
    const call = (query: string) =>
      fetch(`${rig.url}/api/7/cron/nightly-job/${SERVER_KEY}/?check_in_id=${id}&${query}`);
    expect((await call('status=in_progress')).status).toBe(202);
    expect((await call('status=ok&duration=2.5')).status).toBe(202);
    const row = await until(async () => {
      const [found] = await store.telemetry.query('SELECT * FROM check_ins WHERE id = {id:String}', { id });
      return found?.['status'] === 'ok' && found;
    });
    expect(row).toMatchObject({ slug: 'nightly-job', durationMs: 2_500 });
  });

  it('a job that calls the same address each time is taken each time, and its end belongs to its begin', async () => {
    const call = async (slug: string, query = '') => {
      const answer = await fetch(`${rig.url}/api/7/cron/${slug}/${SERVER_KEY}/${query}`);
      expect(answer.status).toBe(202);
      return ((await answer.json()) as { id: string }).id;
    };
    const hourly = [await call('hourly'), await call('hourly'), await call('hourly')];
    const begun = await call('paired', '?status=in_progress');
    expect(await call('paired', '?status=ok')).toBe(begun);
    expect(await call('paired', '?status=ok')).not.toBe(begun);
    const found = await until(async () => {
      const runs = await store.telemetry.query<{ slug: string; id: string; status: string }>(
        "SELECT slug, id, status FROM check_ins WHERE slug IN ('hourly', 'paired')",
      );
      return runs.length === 5 && runs;
    });
    expect(found.filter(({ slug }) => slug === 'hourly').map(({ id }) => id)).toEqual(expect.arrayContaining(hourly));
    expect(found.find(({ id }) => id === begun)?.status).toBe('ok');
  });

  it('of a run the last end that counts is shown, and the others are counted', async () => {
    const at = Date.now() - 60_000;
    const told = (id: string, second: number, status: string, durationMs: number | null = null) => ({
      ...{ id, status, durationMs, timestamp: at + second * 1_000, project: '7', slug: 'ends', monitor: 'ends' },
      ...{ monitorId: 'ends', service: '', environment: '', release: '', exitCode: null, output: '' },
    });
    const [late, corrected, short] = [newId(), newId(), newId()];
    await rig.ingest.writer.append('check_ins', [
      ...[told(late, 0, 'in_progress'), told(late, 2, 'ok'), told(late, 4, 'error'), told(late, 4, 'ignored')],
      ...[told(corrected, 0, 'in_progress'), told(corrected, 2, 'ok'), told(corrected, 4, 'error')],
      told(short, 1, 'ok', 5),
    ]);
    const runs = await rig.rows("SELECT id, status, durationMs, ignored FROM check_ins WHERE slug = 'ends'", {}, 3);
    const [of, no] = [{ durationMs: 2_000, ignored: 1 }, { ignored: 0 }];
    expect(runs).toHaveLength(3);
    expect(runs).toEqual(
      expect.arrayContaining([
        { id: late, status: 'ok', ...of },
        { id: corrected, status: 'error', durationMs: 4_000, ...no },
        { id: short, status: 'ok', durationMs: 5, ...no },
      ]),
    );
  });

  it('two events without an id and with the same words are two', async () => {
    const { event_id: _, ...event } = errorEvent(newId());
    const body = JSON.stringify({ ...event, message: 'nameless', exception: undefined });
    for (const _ of [1, 2]) expect((await rig.post(`/api/7/store/?sentry_key=${SERVER_KEY}`, body)).status).toBe(200);
    await rig.rows("SELECT 1 FROM error_events WHERE message = 'nameless'", {}, 2);
  });

  it('minidump says that it is not taken', async () => {
    const answer = await rig.post(`/api/7/minidump/?sentry_key=${SERVER_KEY}`, 'MDMP');
    expect([answer.status, ((await answer.json()) as { error: { code: string } }).error.code]).toEqual([
      501,
      'minidump_unsupported',
    ]);
  });
});
