import { YumOpsError } from '../../../lib/errors.ts';
import { damaged } from '../object/format.ts';
import { ByteReader } from '../object/open.ts';

/** Minor versions of the archive format 1 that are read here: those of `pg_dump` 12 to 18. */
const OLDEST = 14;
const NEWEST = 16;
/** The newest `pg_dump` whose archives are read here. */
export const NEWEST_CLIENT = 18;

/** From these on the head names its compression by a byte, and an entry says what kind of relation it is of. */
const NAMES_COMPRESSION = 15;
const NAMES_RELATION = 16;
const MAGIC = 'PGDMP';
const CUSTOM_FORMAT = 1;
const POST_DATA = 4;
const DATA_BLOCK = 1;

/** An entry of the contents; what is not needed here stays as it was read. */
interface ArchiveEntry {
  id: number;
  kind: string;
  section: number;
  /** Number of the table that it is of, as the database calls it. */
  oid: string;
  body: Buffer;
  dependsOn: readonly string[];
  /** Where its rows are, which a stream does not know. */
  end: Buffer;
}

interface ArchiveHead {
  /** All that comes before the number of entries. */
  start: Buffer;
  intBytes: number;
  entries: readonly ArchiveEntry[];
}

/** An archive that can be read as often as is needed. */
export interface ArchiveSource {
  path: string;
  read(): AsyncIterable<Buffer>;
}

/** Reads the fields of a head one after the other and keeps their bytes. */
class HeadReader {
  readonly #reader: ByteReader;
  readonly #path: string;
  #kept: Buffer[] = [];
  intBytes = 4;

  constructor(reader: ByteReader, path: string) {
    this.#reader = reader;
    this.#path = path;
  }

  async bytes(length: number): Promise<Buffer> {
    const bytes = await this.#reader.take(length);
    if (bytes.length < length) throw damaged(this.#path, 'the contents of its archive are cut short');
    // The stream may take it back.
    this.#kept.push(Buffer.from(bytes));
    return bytes;
  }

  async byte(): Promise<number> {
    return (await this.bytes(1))[0] as number;
  }

  async int(): Promise<number> {
    return readInt(await this.bytes(1 + this.intBytes), 0, this.intBytes);
  }

  /** Null is another text than the empty one. */
  async text(): Promise<string | null> {
    const length = await this.int();
    return length < 0 ? null : (await this.bytes(length)).toString();
  }

  /** What was read since the last time. */
  cut(): Buffer {
    const kept = Buffer.concat(this.#kept);
    this.#kept = [];
    return kept;
  }
}

function readInt(bytes: Buffer, at: number, intBytes: number): number {
  const value = bytes.readUIntLE(at + 1, intBytes);
  return bytes[at] === 0 ? value : -value;
}

function writeInt(value: number, intBytes: number): Buffer {
  const bytes = Buffer.alloc(1 + intBytes);
  bytes[0] = value < 0 ? 1 : 0;
  bytes.writeUIntLE(Math.abs(value), 1, intBytes);
  return bytes;
}

function writeText(text: string, intBytes: number): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([writeInt(bytes.length, intBytes), bytes]);
}

/** Reads the head of a custom-format archive, as `ReadHead` and `ReadToc` of PostgreSQL's `pg_backup_archiver.c` do. */
async function readHead(reader: ByteReader, path: string): Promise<ArchiveHead> {
  const head = new HeadReader(reader, path);
  if ((await head.bytes(MAGIC.length)).toString('latin1') !== MAGIC) throw damaged(path, 'it is no archive of pg_dump');
  const [major, minor] = [await head.byte(), await head.byte()];
  await head.byte();
  head.intBytes = await head.byte();
  const offsetBytes = await head.byte();
  const format = await head.byte();
  if (major !== 1 || minor < OLDEST || minor > NEWEST || format !== CUSTOM_FORMAT || head.intBytes > 6) {
    throw new YumOpsError('backup_format', `${path} is an archive of the version ${major}.${minor}.`, {
      hint: `This version reads 1.${OLDEST} to 1.${NEWEST}. Use the version of YumOps that made the backup, or a newer one.`,
      status: 409,
    });
  }
  if (minor >= NAMES_COMPRESSION) await head.byte();
  else await head.int();
  for (let field = 0; field < 7; field++) await head.int();
  for (let field = 0; field < 3; field++) await head.text();
  const start = head.cut();
  const count = await head.int();
  head.cut();
  const entries: ArchiveEntry[] = [];
  for (let n = 0; n < count; n++) entries.push(await readEntry(head, minor, offsetBytes));
  return { start, intBytes: head.intBytes, entries };
}

async function readEntry(head: HeadReader, minor: number, offsetBytes: number): Promise<ArchiveEntry> {
  const id = await head.int();
  head.cut();
  await head.int();
  await head.text();
  const oid = (await head.text()) ?? '';
  await head.text();
  const kind = (await head.text()) ?? '';
  const section = await head.int();
  // Definition, how it is dropped and copied, schema, tablespace, access method.
  for (let field = 0; field < 6; field++) await head.text();
  if (minor >= NAMES_RELATION) await head.int();
  // Owner, and whether it has numbers of rows.
  await head.text();
  await head.text();
  const body = head.cut();
  const dependsOn: string[] = [];
  for (let text = await head.text(); text !== null; text = await head.text()) dependsOn.push(text);
  head.cut();
  await head.bytes(1 + offsetBytes);
  return { id, kind, section, oid, body, dependsOn, end: head.cut() };
}

function writeEntry({ id, body, dependsOn, end }: ArchiveEntry, intBytes: number): Buffer {
  const texts = dependsOn.map((text) => writeText(text, intBytes));
  return Buffer.concat([writeInt(id, intBytes), body, ...texts, writeInt(-1, intBytes), end]);
}

async function headOf({ read, path }: ArchiveSource): Promise<ArchiveHead> {
  const reader = new ByteReader(read());
  try {
    return await readHead(reader, path);
  } finally {
    await reader.close();
  }
}

/**
 * Puts the rows of tables that were dumped beside each other back into the archive that describes them: one archive, as one
 * `pg_dump` would have written it to a pipe. Nothing is held but the contents.
 * @param main all of the database but these rows
 * @param parts rows of tables that `main` has the definition of, each dumped with `--data-only`
 * @throws YumOpsError `backup_damaged`, `backup_format`
 */
export async function* mergeArchives(main: ArchiveSource, parts: readonly ArchiveSource[]): AsyncGenerator<Buffer> {
  const whole = await headOf(main);
  const { intBytes } = whole;
  const tables = new Map(whole.entries.flatMap(({ kind, oid, id }) => (kind === 'TABLE' ? [[oid, id] as const] : [])));
  let last = whole.entries.reduce((most, { id }) => Math.max(most, id), 0);
  const rows: ArchiveEntry[] = [];
  const numbers: Map<number, number>[] = [];
  for (const part of parts) {
    const renamed = new Map<number, number>();
    for (const entry of (await headOf(part)).entries) {
      if (entry.kind !== 'TABLE DATA') continue;
      const table = tables.get(entry.oid);
      if (table === undefined) throw damaged(part.path, `it has rows of a table that ${main.path} does not have`);
      renamed.set(entry.id, ++last);
      rows.push({ ...entry, id: last, dependsOn: [`${table}`] });
    }
    numbers.push(renamed);
  }
  const end = whole.entries.findIndex(({ section }) => section === POST_DATA);
  const entries = whole.entries.toSpliced(end < 0 ? whole.entries.length : end, 0, ...rows);
  yield Buffer.concat([
    whole.start,
    writeInt(entries.length, intBytes),
    ...entries.map((entry) => writeEntry(entry, intBytes)),
  ]);
  yield* afterHead(main, async function* (reader) {
    for (let piece = await reader.next(); piece.length > 0; piece = await reader.next()) yield piece;
  });
  for (const [index, part] of parts.entries()) {
    const renamed = numbers[index] ?? new Map<number, number>();
    yield* afterHead(part, (reader) => renumber(reader, { renamed, intBytes, path: part.path }));
  }
}

async function* afterHead(
  { read, path }: ArchiveSource,
  rest: (reader: ByteReader) => AsyncGenerator<Buffer>,
): AsyncGenerator<Buffer> {
  const reader = new ByteReader(read());
  try {
    await readHead(reader, path);
    yield* rest(reader);
  } finally {
    await reader.close();
  }
}

interface Renumbering {
  renamed: ReadonlyMap<number, number>;
  intBytes: number;
  path: string;
}

/** The blocks of rows behind a head, under their numbers in another one. */
async function* renumber(reader: ByteReader, rules: Renumbering): AsyncGenerator<Buffer> {
  const { renamed, intBytes, path } = rules;
  for (;;) {
    const head = await reader.take(2 + intBytes);
    if (head.length === 0) return;
    const id = head.length < 2 + intBytes ? undefined : renamed.get(readInt(head, 1, intBytes));
    if (id === undefined || head[0] !== DATA_BLOCK) throw damaged(path, 'its archive has a block of no table');
    yield Buffer.concat([head.subarray(0, 1), writeInt(id, intBytes)]);
    yield* passBlock(reader, rules);
  }
}

/** The chunks of one block, each behind its length; the last one is empty. */
async function* passBlock(reader: ByteReader, { intBytes, path }: Renumbering): AsyncGenerator<Buffer> {
  const word = 1 + intBytes;
  let left = 0;
  for (;;) {
    let piece = await reader.next();
    if (left === 0 && piece.length < word) {
      reader.giveBack(piece);
      piece = await reader.take(word);
      if (piece.length < word) throw damaged(path, 'its archive is cut short');
    }
    if (piece.length === 0) throw damaged(path, 'its archive is cut short');
    const passed = passChunks(piece, left, intBytes);
    reader.giveBack(piece.subarray(passed.at));
    if (passed.at > 0) yield piece.subarray(0, passed.at);
    if (passed.isLast) return;
    left = passed.left;
  }
}

/**
 * How far a piece of a block goes that begins with `left` bytes of a chunk: to the end of the block, or as far as its lengths are
 * whole.
 */
function passChunks(piece: Buffer, left: number, intBytes: number): { at: number; left: number; isLast: boolean } {
  if (left >= piece.length) return { at: piece.length, left: left - piece.length, isLast: false };
  let at = left;
  while (at + intBytes < piece.length) {
    const length = readInt(piece, at, intBytes);
    at += 1 + intBytes;
    if (length === 0) return { at, left: 0, isLast: true };
    if (at + length >= piece.length) return { at: piece.length, left: at + length - piece.length, isLast: false };
    at += length;
  }
  return { at, left: 0, isLast: false };
}
