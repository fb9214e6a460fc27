/** A line of the contents: `215; 1259 16386 TABLE public notes owner`. */
const ENTRY = /^(\d+); \d+ \d+ (.+)$/;
const NEEDS = /^;\s+depends on:(.*)$/;

/**
 * Indexes and keys that cannot be built before all else behind the rows: what they are of is made there itself, as a materialized
 * view or a function is whose query stands on a key of a table.
 * @param after lines of what comes behind the rows, in the order of the archive: nothing needs what follows it
 * @param contents all lines of the archive, with what each entry needs
 */
export function lateEntries(after: readonly string[], contents: readonly string[]): Set<string> {
  const needs = readNeeds(contents);
  const kinds = new Map<string, 'key' | 'index' | 'late'>();
  const late = new Set<string>();
  for (const line of after) {
    const [, id = '', entry = ''] = ENTRY.exec(line) ?? [];
    const isKey = entry.startsWith('CONSTRAINT ');
    const needed = (needs.get(id) ?? []).flatMap((other) => kinds.get(other) ?? []);
    // Keys are built before indexes.
    const isFree = needed.every((kind) => kind === 'key' || (kind === 'index' && !isKey));
    const kind = isFree ? (isKey ? 'key' : entry.startsWith('INDEX ') ? 'index' : 'late') : 'late';
    kinds.set(id, kind);
    if (kind === 'late') late.add(line);
  }
  return late;
}

function readNeeds(contents: readonly string[]): Map<string, string[]> {
  const needs = new Map<string, string[]>();
  let id = '';
  for (const line of contents) {
    const needed = NEEDS.exec(line)?.[1];
    if (needed === undefined) id = ENTRY.exec(line)?.[1] ?? id;
    else needs.set(id, needed.trim().split(' '));
  }
  return needs;
}
