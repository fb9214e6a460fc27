import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../../../lib/atomic-file.ts';
import { codeOf } from '../../../lib/errors.ts';

/** `<partition>_<first block>_<last block>_<level>[_<mutation>]` */
const PART = /^([^_]+)_(\d+)_(\d+)_\d+(?:_\d+)?$/;
const ADDED = '1';
const DROPPED = '2';

/**
 * Repairs what a kill in the middle of an insert leaves behind. The engine notes the token of a block before it moves
 * the block's part into place; a kill in between leaves a token without rows, and the batch that is sent again would
 * be taken for a repetition and dropped, from the table or from one of its views. Entries without a part are removed.
 * Must run before the engine opens the folder. @returns the number of entries removed
 */
export async function repairDeduplicationLogs(dataDir: string): Promise<number> {
  let removed = 0;
  const store = join(dataDir, 'store');
  for (const prefix of await namesIn(store)) {
    for (const table of await namesIn(join(store, prefix))) removed += await repairTable(join(store, prefix, table));
  }
  return removed;
}

async function repairTable(table: string): Promise<number> {
  const folder = join(table, 'deduplication_logs');
  const logs = await namesIn(folder);
  if (logs.length === 0) return 0;
  const parts = await namesIn(table);
  let removed = 0;
  for (const name of logs) {
    const before = await readFile(join(folder, name), 'utf8');
    const after = withoutLostParts(before, parts);
    if (after === before) continue;
    removed += before.split('\n').length - after.split('\n').length;
    await writeFileAtomic(join(folder, name), after, 0o640);
  }
  return removed;
}

/**
 * The log without the entries whose part neither exists nor went into a merged one. Parts that were dropped on
 * purpose have a second entry and keep both. @param parts names of the table's parts on disk
 */
export function withoutLostParts(log: string, parts: readonly string[]): string {
  const lines = log.split('\n');
  const dropped = new Set(
    lines.map((line) => line.split('\t')).flatMap(([kind, part]) => (kind === DROPPED ? [part] : [])),
  );
  const present = parts.flatMap(rangeOf);
  return lines
    .filter((line) => {
      const [kind, part = ''] = line.split('\t');
      const [range] = rangeOf(part);
      if (kind !== ADDED || !range || dropped.has(part)) return true;
      return present.some((have) => covers(have, range));
    })
    .join('\n');
}

interface BlockRange {
  partition: string;
  first: number;
  last: number;
}

function rangeOf(name: string): BlockRange[] {
  const match = PART.exec(name);
  return match?.[1] === undefined ? [] : [{ partition: match[1], first: Number(match[2]), last: Number(match[3]) }];
}

function covers(outer: BlockRange, inner: BlockRange): boolean {
  return outer.partition === inner.partition && outer.first <= inner.first && outer.last >= inner.last;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return [];
    throw error;
  }
}
