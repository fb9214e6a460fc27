import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type TarEvent, TarReader } from './tar.ts';

function entry(path: string, content: Buffer, type = '0', size: number | bigint = content.length): Buffer {
  const header = Buffer.alloc(512);
  header.write(path, 0);
  header.write('0000600\0', 100);
  if (typeof size === 'bigint') {
    header[124] = 0x80;
    header.writeBigUInt64BE(size, 128);
  } else header.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  header.write(type, 156);
  header.write('ustar\x0000', 257);
  header.write('        ', 148);
  const sum = header.reduce((all, byte) => all + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
}

function read(tar: Buffer, sizes: readonly number[]): { path: string; content: string }[] {
  const reader = new TarReader();
  const files: { path: string; content: string }[] = [];
  let open: Buffer[] = [];
  let path = '';
  const see = (event: TarEvent) => {
    if (event.kind === 'file') [path, open] = [event.path, []];
    if (event.kind === 'data') open.push(Buffer.from(event.bytes));
    if (event.kind === 'end') files.push({ path, content: Buffer.concat(open).toString('hex') });
  };
  for (let at = 0, turn = 0; at < tar.length; turn++) {
    const size = sizes[turn % sizes.length] as number;
    for (const event of reader.read(tar.subarray(at, at + size))) see(event);
    at += size;
  }
  reader.finish();
  return files;
}

test('reads every file, however the bytes arrive', () => {
  const file = fc.record({
    path: fc.stringMatching(/^[a-z][a-z0-9/]{0,30}[a-z]$/),
    content: fc.uint8Array({ maxLength: 3000 }).map((bytes) => Buffer.from(bytes)),
  });
  fc.assert(
    fc.property(
      fc.array(file, { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 2000 }), { minLength: 1, maxLength: 8 }),
      (files, sizes) => {
        const tar = Buffer.concat([...files.map(({ path, content }) => entry(path, content)), Buffer.alloc(1024)]);
        expect(read(tar, sizes)).toEqual(
          files.map(({ path, content }) => ({ path, content: content.toString('hex') })),
        );
      },
    ),
  );
});

test('reads sizes over 8 GB', () => {
  const [first] = new TarReader().read(entry('big', Buffer.alloc(0), '0', 10_000_000_000n));
  expect(first).toMatchObject({ kind: 'file', size: 10_000_000_000 });
});

test.each([
  ['a path out of the folder', entry('../etc/passwd', Buffer.alloc(0)), /leads out/],
  ['an absolute path', entry('/etc/passwd', Buffer.alloc(0)), /leads out/],
  ['an unknown kind', entry('x', Buffer.alloc(0), '7'), /unknown kind/],
  ['a damaged header', Buffer.concat([Buffer.from([1]), entry('x', Buffer.alloc(0)).subarray(1)]), /sum/],
  ['an early end', entry('x', Buffer.alloc(600)).subarray(0, 900), /middle/],
])('refuses %s', (_, tar, message) => {
  expect(() => read(tar, [tar.length])).toThrow(message);
});
