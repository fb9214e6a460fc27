import { Readable } from 'node:stream';
import { deflateRawSync, deflateSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { withBody } from './body.ts';

const text = Buffer.from('a line, and the same line again, and the same line again\n'.repeat(3_000));
const bytewise = (body: Buffer) =>
  Readable.from([body.subarray(0, 1), body.subarray(1, 2), body.subarray(2, 3), body.subarray(3)]);

it.each([
  ['with its header', deflateSync(text)],
  ['with its header, at the least window', deflateSync(text, { windowBits: 9 })],
  ['without', deflateRawSync(text)],
  ['without, stored', deflateRawSync(text, { level: 0 })],
  ['without, fixed codes', deflateRawSync(text, { strategy: 4 })],
  ['without, nothing in it', deflateRawSync(Buffer.alloc(0))],
])('deflate %s is read, also where it comes by single bytes', async (name, body) => {
  const expected = name.endsWith('nothing in it') ? Buffer.alloc(0) : text;
  for (const source of [Readable.from([body]), bytewise(body)]) {
    await withBody(source, 'deflate', text.length, async (read) =>
      expect(Buffer.from(read).equals(expected)).toBe(true),
    );
  }
});

it.each([deflateSync(text), deflateRawSync(text)])(
  'stops a body on the way that unfolds beyond the limit',
  async (body) => {
    const reading = withBody(Readable.from([body]), 'deflate', text.length - 1, async () => undefined);
    await expect(reading).rejects.toMatchObject({ code: 'body_too_large', status: 413 });
  },
);

it('an empty body, and one whose sender went away, are refused', async () => {
  const gone = new Readable({ read: () => undefined });
  const refusals = [Readable.from([]), gone].map((source) => withBody(source, 'deflate', 9, async () => undefined));
  gone.destroy();
  const refusal = { code: 'bad_compression', status: 400 };
  await Promise.all(refusals.map((refused) => expect(refused).rejects.toMatchObject(refusal)));
});
