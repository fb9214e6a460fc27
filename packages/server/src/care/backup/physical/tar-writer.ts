import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { damaged } from '../object/format.ts';

const BLOCK = 512;
const READ_BYTES = 1 << 17;
const NAME_BYTES = 100;
const PREFIX_BYTES = 155;
/** A server writes it first, and a restore that is cut short then has it. */
const FIRST = 'backup_label';

/**
 * A folder as the POSIX tar stream (`ustar`) that `TarReader` reads: folders before what is in them, in order of their names.
 * Links and other special files are left out; a data directory has none. A piece is valid until the next is asked for.
 */
export async function* tarOf(folder: string): AsyncGenerator<Buffer> {
  const room = Buffer.allocUnsafeSlow(READ_BYTES);
  yield* fileOf(folder, FIRST, room);
  yield* entriesOf(folder, '', room);
  yield Buffer.alloc(2 * BLOCK);
}

async function* entriesOf(root: string, folder: string, room: Buffer): AsyncGenerator<Buffer> {
  const entries = await readdir(join(root, folder), { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      const { mode } = await stat(join(root, path));
      yield header(`${path}/`, { mode, size: 0, type: '5' });
      yield* entriesOf(root, path, room);
    } else if (entry.isFile() && path !== FIRST) yield* fileOf(root, path, room);
  }
}

async function* fileOf(root: string, path: string, room: Buffer): AsyncGenerator<Buffer> {
  const file = await open(join(root, path), 'r');
  try {
    const { mode, size } = await file.stat();
    yield header(path, { mode, size, type: '0' });
    yield* contentOf(file, path, size, room);
    const rest = size % BLOCK;
    if (rest > 0) yield Buffer.alloc(BLOCK - rest);
  } finally {
    await file.close();
  }
}

async function* contentOf(file: FileHandle, path: string, size: number, room: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < size; ) {
    const { bytesRead } = await file.read(room, 0, Math.min(room.length, size - at), at);
    if (bytesRead === 0) throw damaged(path, 'it became shorter while it was read');
    yield room.subarray(0, bytesRead);
    at += bytesRead;
  }
}

function header(path: string, { mode, size, type }: { mode: number; size: number; type: '0' | '5' }): Buffer {
  const block = Buffer.alloc(BLOCK);
  const { name, prefix } = nameOf(path);
  block.write(name, 0);
  octal(block, mode & 0o777, 100, 8);
  octal(block, 0, 108, 8);
  octal(block, 0, 116, 8);
  octal(block, size, 124, 12);
  octal(block, 0, 136, 12);
  block.write(type, 156);
  block.write('ustar\x0000', 257);
  block.write(prefix, 345);
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  octal(block, sum, 148, 7);
  return block;
}

/** Digits and a zero at the end, in so many bytes. Segments of relations are 1 GB at most; 11 digits hold 8 GB. */
function octal(block: Buffer, value: number, at: number, bytes: number): void {
  block.write(`${value.toString(8).padStart(bytes - 1, '0')}\0`, at);
}

/** A path that is longer than the field of the name is cut at a slash. */
function nameOf(path: string): { name: string; prefix: string } {
  if (Buffer.byteLength(path) <= NAME_BYTES) return { name: path, prefix: '' };
  for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
    const name = path.slice(slash + 1);
    const prefix = path.slice(0, slash);
    if (name !== '' && Buffer.byteLength(name) <= NAME_BYTES && Buffer.byteLength(prefix) <= PREFIX_BYTES) {
      return { name, prefix };
    }
  }
  throw damaged(path, 'its name is too long for an archive');
}
