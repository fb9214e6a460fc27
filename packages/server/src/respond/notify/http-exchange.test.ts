import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { strictVendor } from '../../../test/support/strict-vendor.ts';
import { postJson } from './http-exchange.ts';

const never = new AbortController().signal;

test.each([
  'http://169.254.169.254/latest/meta-data/',
  'http://[fe80::1]/',
  'http://[::ffff:169.254.169.254]/',
  'http://[64:ff9b::a9fe:a9fe]/',
  'http://[fd00:ec2::254]/',
  'http://100.100.100.200/',
  // 169.254.169.254 in one number, in hexadecimal, in octal, and translated
  'http://2852039166/',
  'http://0xa9fea9fe/',
  'http://0251.0376.0251.0376/',
  'http://[::ffff:0:169.254.169.254]/',
])('%s is never called', async (url) => {
  const result = await postJson(url, {}, {}, never);
  expect(result).toMatchObject({ outcome: 'refused', reason: expect.stringContaining('link-local or metadata') });
});

test('a name is resolved when the connection is made, and private addresses are the operator’s own', async () => {
  const vendor = await strictVendor(() => ({ status: 200, json: { ok: true } }));
  try {
    const url = vendor.base.replace('127.0.0.1', 'localhost');
    expect(await postJson(url, { a: 1 }, {}, never)).toMatchObject({ status: 200, text: '{"ok":true}' });
  } finally {
    await vendor.stop();
  }
});

test('a name that does not exist cannot have it', async () => {
  const result = await postJson('http://nothing.invalid/', {}, {}, never);
  expect(result).toMatchObject({ outcome: 'retry', maybeDelivered: false });
});

/** A server that answers as `write` does. */
async function serving(write: (response: ServerResponse) => void): Promise<{ url: string; stop(): void }> {
  const server = createServer((_request, response) => write(response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, stop };
}

test('where an answer points to is not called', async () => {
  let called = 0;
  const target = await serving((response) => {
    called += 1;
    response.end();
  });
  const server = await serving((response) => response.writeHead(302, { location: target.url }).end());
  try {
    expect(await postJson(server.url, {}, {}, never)).toMatchObject({ status: 302 });
    expect(called).toBe(0);
  } finally {
    server.stop();
    target.stop();
  }
});

test('an answer that never ends may mean that it arrived', async () => {
  let begun = false;
  const server = await serving((response) => {
    response.writeHead(200).write('{');
    begun = true;
  });
  try {
    const abort = new AbortController();
    const sending = postJson(server.url, {}, {}, abort.signal);
    await expect.poll(() => begun).toBe(true);
    abort.abort(new Error('no answer within 10 s'));
    expect(await sending).toEqual({ outcome: 'retry', reason: 'no answer within 10 s', maybeDelivered: true });
  } finally {
    server.stop();
  }
});

test('an endless answer is cut', async () => {
  const server = await serving((response) => {
    response.on('error', () => undefined);
    const more = () => response.writable && response.write('x'.repeat(65_536), () => setImmediate(more));
    more();
  });
  try {
    expect(await postJson(server.url, {}, {}, never)).toMatchObject({ status: 200, text: 'x'.repeat(1_048_576) });
  } finally {
    server.stop();
  }
});
