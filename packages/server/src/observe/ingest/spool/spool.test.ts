import {
  cp,
  mkdir,
  mkdtemp,
  open as openFile,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { silentLog } from '../../../../test/ingest.ts';
import type { EntryHeader } from './entry.ts';
import { segmentPath } from './position.ts';
import { SPOOL_START, Spool, type SpoolOptions } from './spool.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'yumops-test-spool-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const ALL = { maxBytes: 1 << 20, maxRows: 1_000_000 };

async function open(options: Partial<SpoolOptions> = {}, from = SPOOL_START) {
  const found: string[] = [];
  const spool = await Spool.open(
    { folder, maxBytes: 1 << 20, segmentBytes: 1 << 16, log: silentLog, ...options },
    from,
    (header) => found.push(String(header.parts[0]?.table)),
  );
  return { spool, found };
}

function entry(name: string, rows = 'x\n', at = 1_000) {
  const payload = Buffer.from(rows);
  const rowCount = rows.split('\n').length - 1;
  const header: EntryHeader = {
    at,
    parts: [
      { table: name, day: '2026-01-01', retentionClass: 'logs', rowCount, bytes: payload.length, oldest: at - 500 },
    ],
  };
  return { header, payload, payloadCrc: crc32(payload) };
}

async function readAll(spool: Spool): Promise<{ name: string; text: string }[]> {
  const entries: { name: string; text: string }[] = [];
  for (let position = spool.normalize(SPOOL_START); ; ) {
    const read = await spool.read(position, ALL);
    entries.push(
      ...read.entries.map(({ header, payload }) => ({
        name: String(header.parts[0]?.table),
        text: Buffer.from(payload).toString(),
      })),
    );
    const next = spool.normalize({ segment: position.segment, offset: read.end });
    if (next.segment === position.segment && read.entries.length === 0) return entries;
    position = next;
  }
}

async function segments(in_ = folder): Promise<string[]> {
  return (await readdir(in_)).filter((name) => name.endsWith('.segment')).sort();
}

describe('a spool', () => {
  it('gives back what was appended, in order, over segments and restarts', async () => {
    const { spool } = await open({ segmentBytes: 500 });
    const names = Array.from({ length: 20 }, (_, i) => `t${i}`);
    for (const name of names) await spool.append(entry(name, `${name}\n`.repeat(10)));
    expect((await readAll(spool)).map(({ name }) => name)).toEqual(names);
    expect((await segments()).length).toBeGreaterThan(3);
    await spool.close();
    const again = await open();
    expect(again.found).toEqual(names);
    expect((await readAll(again.spool)).map(({ name }) => name)).toEqual(names);
    await again.spool.close();
  });

  it('shares fsyncs between entries that come together', async () => {
    const { spool } = await open();
    let groups = 0;
    spool.onAppend(() => {
      groups += 1;
    });
    await Promise.all(Array.from({ length: 100 }, (_, i) => spool.append(entry(`t${i}`))));
    expect(groups).toBeLessThan(5);
    expect(await readAll(spool)).toHaveLength(100);
    await spool.close();
  });

  it('takes an entry larger than a read and than a segment', async () => {
    const { spool } = await open({ segmentBytes: 1_000, maxBytes: 1 << 24 });
    const rows = `${'r'.repeat(99)}\n`.repeat(40_000);
    await spool.append(entry('big', rows));
    await spool.append(entry('small'));
    expect((await readAll(spool)).map(({ text }) => text.length)).toEqual([rows.length, 2]);
    await spool.close();
  });

  it('refuses at its bound and takes again what fits after a release', async () => {
    const { spool } = await open({ maxBytes: 20_000, segmentBytes: 4_000 });
    const rows = `${'r'.repeat(2_999)}\n`;
    let taken = 0;
    const fill = async () => {
      for (;;) {
        await spool.append(entry('t', rows));
        taken += 1;
      }
    };
    await expect(fill()).rejects.toMatchObject({ code: 'spool_full', status: 429, retryAfter: expect.any(Number) });
    expect(taken).toBe(6);
    expect(spool.bytes()).toBeLessThanOrEqual(20_000);
    await spool.append({ ...entry('own', 'x'.repeat(200)), privileged: true });
    await spool.release({ segment: Number(/\d+/.exec((await segments()).at(-1) as string)), offset: 0 });
    await spool.append(entry('t', rows));
    await spool.close();
  });

  it('knows what has waited longest and which events are missing', async () => {
    const { spool } = await open({ segmentBytes: 1 });
    expect([spool.backlog.oldestArrival(), spool.backlog.oldestEvent()]).toEqual([undefined, undefined]);
    await spool.append(entry('a', 'x\n', 5_000));
    await spool.append(entry('b', 'x\n', 4_000));
    expect([spool.backlog.oldestArrival(), spool.backlog.oldestEvent()]).toEqual([4_000, 3_500]);
    const last = Number(/\d+/.exec((await segments()).at(-1) as string));
    await spool.release({ segment: last, offset: spool.bytes() });
    expect(spool.backlog.oldestArrival()).toBeUndefined();
    await spool.close();
  });

  it('does not hand on an entry that is damaged, and cuts it off at the next start', async () => {
    const { spool } = await open();
    await spool.append(entry('a'));
    await spool.append({ ...entry('b'), payloadCrc: 1 });
    await expect(readAll(spool)).rejects.toMatchObject({ code: 'spool_damaged' });
    await spool.close();
    const again = await open();
    expect(again.found).toEqual(['a']);
    await again.spool.close();
  });
});

describe('a disk that refuses', () => {
  afterEach(() => vi.restoreAllMocks());

  /** The class of open files, to make its methods fail. */
  async function fileClass() {
    const file = await openFile(join(folder, 'any'), 'w');
    await file.close();
    return Object.getPrototypeOf(file) as Record<'datasync' | 'sync' | 'truncate', () => Promise<void>>;
  }

  const full = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
  const refused = { code: 'spool_unavailable', status: 503 };

  it.each([
    ['the fsync', ['datasync']],
    ['the fsync, then the cut of what it left', ['datasync', 'truncate']],
    ['the fsync, then the start of the next segment', ['datasync', 'sync']],
  ] as const)('%s: the entry is refused and the spool takes again as soon as it can', async (_, methods) => {
    const { spool } = await open();
    await spool.append(entry('a'));
    const files = await fileClass();
    const [first, ...others] = methods.map((method) => vi.spyOn(files, method).mockRejectedValueOnce(full));
    await expect(spool.append(entry('refused'))).rejects.toMatchObject(refused);
    expect([first?.mock.calls.length, spool.trouble()]).toEqual([1, expect.stringContaining('no space left')]);
    for (const _other of others) await expect(spool.append(entry('refused'))).rejects.toMatchObject(refused);
    await spool.append(entry('b'));
    expect(spool.trouble()).toBeUndefined();
    await spool.close();
    const again = await open();
    expect(again.found).toEqual(['a', 'b']);
    await again.spool.close();
  });

  it('begins no further segments while nothing can be written', async () => {
    const { spool } = await open();
    const files = await fileClass();
    vi.spyOn(files, 'datasync').mockRejectedValue(full);
    for (let i = 0; i < 5; i += 1) await expect(spool.append(entry('refused'))).rejects.toMatchObject(refused);
    expect(await segments()).toHaveLength(1);
    expect(spool.bytes()).toBe(0);
    await spool.close();
  });

  it('takes over a segment that was left half made', async () => {
    const { spool } = await open({ segmentBytes: 1 });
    await spool.append(entry('a'));
    await writeFile(segmentPath(folder, 3), 'half');
    await spool.append(entry('b'));
    expect((await readAll(spool)).map(({ name }) => name)).toEqual(['a', 'b']);
    await spool.close();
  });

  it('keeps count of a segment that could not be deleted, and deletes it with the next release', async () => {
    const { spool } = await open({ segmentBytes: 1 });
    for (const name of ['a', 'b', 'c']) await spool.append(entry(name));
    const [first] = (await segments()) as [string];
    const bytes = spool.bytes();
    await rm(join(folder, first));
    await mkdir(join(folder, first));
    const last = { segment: Number(/\d+/.exec((await segments()).at(-1) as string)), offset: 0 };
    await expect(spool.release(last)).rejects.toThrow();
    expect(spool.bytes()).toBe(bytes);
    await rm(join(folder, first), { recursive: true });
    await spool.release(last);
    expect(await segments()).toHaveLength(1);
    await spool.close();
  });
});

describe('after a crash', () => {
  it('at any byte of the last segment every whole entry is there, and no half one', async () => {
    const { spool } = await open();
    const ends: number[] = [0];
    for (let i = 0; i < 3; i += 1) {
      await spool.append(entry(`t${i}`, `${String(i).repeat(i * 7)}\n`));
      ends.push(spool.bytes());
    }
    await spool.close();
    const original = folder;
    const [name] = (await segments()) as [string];
    const { size } = await stat(join(folder, name));
    for (let cut = 0; cut <= size; cut += 1) {
      folder = `${original}-${cut}`;
      await cp(original, folder, { recursive: true });
      await truncate(join(folder, name), cut);
      const { spool: reopened, found } = await open();
      expect(found).toHaveLength(ends.filter((end) => end > 0 && end <= cut).length);
      await reopened.append(entry('after'));
      expect((await readAll(reopened)).map((read) => read.name)).toEqual([...found, 'after']);
      await reopened.close();
      await rm(folder, { recursive: true });
    }
    folder = original;
  });

  it('that garbled the end of the last segment, what came before is whole', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 40 }), async (place, garbage) => {
        folder = await mkdtemp(join(tmpdir(), 'yumops-test-spool-'));
        const { spool } = await open();
        const ends: number[] = [];
        for (let i = 0; i < 4; i += 1) {
          await spool.append(entry(`t${i}`, `row ${i}\n`));
          ends.push(spool.bytes());
        }
        await spool.close();
        const path = join(folder, ((await segments()) as [string])[0]);
        const bytes = await readFile(path);
        const at = place % bytes.length;
        const before = Buffer.from(bytes);
        bytes.set(garbage.subarray(0, bytes.length - at), at);
        await writeFile(path, bytes);
        const { spool: reopened, found } = await open();
        const firstChange = bytes.findIndex((byte, i) => byte !== before[i]);
        const whole = firstChange === -1 ? 4 : ends.filter((end) => end <= firstChange).length;
        expect(found).toEqual(['t0', 't1', 't2', 't3'].slice(0, whole));
        await reopened.close();
        await rm(folder, { recursive: true });
      }),
      { numRuns: 60 },
    );
  });
});
