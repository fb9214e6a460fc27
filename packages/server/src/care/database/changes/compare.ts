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

/**
 * What changed from one look to the next: what went, what came, what is otherwise. Parts that were not readable both
 * times say nothing; nor does what was locked.
 */
export function compareCatalogues(before: Catalogue, after: Catalogue): CatalogueChange[] {
  const [old, now] = [byKey(before), byKey(after)];
  const compared = (entry: { part: Catalogue['parts'][number] }) =>
    before.parts.includes(entry.part) && after.parts.includes(entry.part);
  const removed = [...old].filter(([key, entry]) => !now.has(key) && compared(entry));
  const found = [...now].flatMap(([key, entry]) => {
    if (!compared(entry)) return [];
    const was = old.get(key);
    if (!was)
      return [
        change(
          'created',
          entry,
          (entry.lines ?? []).map((line) => `+ ${line}`),
        ),
      ];
    if (was.lines === null || entry.lines === null) return [];
    const detail = differences(was.lines, entry.lines);
    return detail.length > 0 ? [change('changed', entry, detail)] : [];
  });
  return [
    ...removed.map(([, entry]) =>
      change(
        'removed',
        entry,
        (entry.lines ?? []).map((line) => `- ${line}`),
      ),
    ),
    ...found,
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
