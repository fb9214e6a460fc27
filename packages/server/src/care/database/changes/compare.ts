import type { DatabaseChangeAction } from '@yumops/protocol';
import type { Catalogue, CatalogueEntry } from './catalogue.ts';

/** How one thing differs between two looks. */
export interface CatalogueChange {
  kind: string;
  action: DatabaseChangeAction;
  object: string;
  /** Lines that came (`+ …`) and went (`- …`). */
  detail: string[];
}

type Entries = Map<string, Catalogue['entries'][number]>;

function byKey({ entries }: Catalogue): Entries {
  return new Map(entries.map((entry) => [`${entry.kind} ${entry.object}`, entry]));
}

function differences(before: readonly string[], after: readonly string[]): string[] {
  const [was, is] = [new Set(before), new Set(after)];
  return [
    ...before.filter((line) => !is.has(line)).map((line) => `- ${line}`),
    ...after.filter((line) => !was.has(line)).map((line) => `+ ${line}`),
  ];
}

function change(action: DatabaseChangeAction, { kind, object }: CatalogueEntry, detail: string[]): CatalogueChange {
  return { kind, action, object, detail };
}

/** What belongs to a table. */
const PARTS: ReadonlySet<string> = new Set(['index', 'constraint', 'trigger', 'policy']);

/** Of so many tables that come or go at once only the first are told of anyway. */
const MOST_TABLES = 500;

/** Whether something came or went with its table, and so is not told of by itself. */
function isPartOf(table: CatalogueEntry, { kind, object, lines }: CatalogueEntry): boolean {
  if (kind === 'index') return lines?.[0]?.includes(` ON ${table.object} `) === true;
  return PARTS.has(kind) && object.startsWith(`${table.object}.`);
}

function withoutParts<Entry extends CatalogueEntry>(entries: readonly Entry[]): Entry[] {
  const tables = entries.filter(({ kind }) => kind === 'table' || kind === 'materialized view').slice(0, MOST_TABLES);
  return entries.filter((entry) => !PARTS.has(entry.kind) || !tables.some((table) => isPartOf(table, entry)));
}

const marked = (mark: '+' | '-', { lines }: CatalogueEntry) => (lines ?? []).map((line) => `${mark} ${line}`);

/**
 * What changed from one look to the next: what went, what is otherwise, what came. Parts that were not readable both
 * times say nothing; nor does what was locked.
 */
export function compareCatalogues(before: Catalogue, after: Catalogue): CatalogueChange[] {
  const [old, now] = [byKey(before), byKey(after)];
  const compared = (entry: { part: Catalogue['parts'][number] }) =>
    before.parts.includes(entry.part) && after.parts.includes(entry.part);
  const missing = (from: Entries, other: Entries) =>
    withoutParts([...from].flatMap(([key, entry]) => (!other.has(key) && compared(entry) ? [entry] : [])));
  const changed = [...now].flatMap(([key, entry]) => {
    const was = old.get(key);
    if (!was || !compared(entry) || was.lines === null || entry.lines === null) return [];
    const detail = differences(was.lines, entry.lines);
    return detail.length > 0 ? [change('changed', entry, detail)] : [];
  });
  return [
    ...missing(old, now).map((entry) => change('removed', entry, marked('-', entry))),
    ...changed,
    ...missing(now, old).map((entry) => change('created', entry, marked('+', entry))),
  ];
}

/** What is kept for the next comparison: of what was locked that which was known before. */
export function keepKnown(before: Catalogue, after: Catalogue): Catalogue {
  const old = byKey(before);
  const entries = after.entries.map((entry) =>
    entry.lines === null ? { ...entry, lines: old.get(`${entry.kind} ${entry.object}`)?.lines ?? null } : entry,
  );
  return { ...after, entries };
}
