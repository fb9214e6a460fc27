import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { TarReader } from './tar.ts';
import { tarOf } from './tar-writer.ts';

test('a folder comes back as it was, its label first and folders before what is in them', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'yumops-test-tar-'));
  const long = `base/${'deep/'.repeat(20)}${'n'.repeat(90)}`;
  const files: Record<string, Buffer> = {
    'global/pg_control': Buffer.alloc(8_192, 7),
    'base/5/1259': Buffer.from(Array.from({ length: 300_001 }, (_, n) => n % 253)),
    'base/5/2600': Buffer.alloc(0),
    [long]: Buffer.from('far'),
    'ünd/é': Buffer.alloc(512, 1),
    backup_label: Buffer.from('START WAL LOCATION'),
  };
  try {
    for (const [path, bytes] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true, mode: 0o700 });
      await writeFile(join(folder, path), bytes, { mode: 0o600 });
    }
    await mkdir(join(folder, 'pg_wal'), { mode: 0o700 });
    const tar = new TarReader();
    const seen: string[] = [];
    const read: Record<string, Buffer> = {};
    for await (const piece of tarOf(folder)) {
      for (const event of tar.read(piece)) {
        if (event.kind === 'data')
          read[seen.at(-1) as string] = Buffer.concat([read[seen.at(-1) as string] as Buffer, event.bytes]);
        else if (event.kind === 'file' || event.kind === 'folder') {
          seen.push(event.path);
          if (event.kind === 'file') read[event.path] = Buffer.alloc(0);
          expect(event.mode).toBe(event.kind === 'file' ? 0o600 : 0o700);
        }
      }
    }
    tar.finish();
    expect(read).toEqual(files);
    expect(seen[0]).toBe('backup_label');
    expect(seen).toContain('pg_wal');
    for (const path of seen.filter((each) => each.includes('/'))) {
      expect(seen.indexOf(dirname(path))).toBeLessThan(seen.indexOf(path));
      expect(seen).toContain(dirname(path));
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
