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
