import { LOG_FACETS } from '@yumops/protocol';
/** A stretch of the query that is being typed. */
export interface Token {
  start: number;
  end: number;
  text: string;
}

export interface Completion {
  /** Replaces the token. */
  insert: string;
  label: string;
  detail: string;
}

export type FieldCounts = readonly { name: string; values: readonly { value: string; count: number }[] }[];

/** Fields that every log record may have, offered also where the range has none of them. */
const KNOWN_FIELDS = [...LOG_FACETS, 'duration', 'ip', 'userId', 'requestId', 'traceId'];

const MOST_COMPLETIONS = 12;

/** Splits a query into its terms; a quoted phrase is one term, also after a field. */
export function termsOf(query: string): string[] {
  return query.match(/(?:[^\s"]|"(?:[^"\\]|\\.)*"?)+/g) ?? [];
}

/** `level:error`, `message:"two words"`, `-service:web`. */
export function termFor(field: string, value: string, exclude: boolean): string {
  const plain = /^[\w./@-]+$/.test(value) && value.toUpperCase() !== 'OR';
  const quoted = plain ? value : `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
  return `${exclude ? '-' : ''}${field}:${quoted}`;
}

/** Adds a filter; one that says the opposite goes. */
export function withTerm(query: string, term: string): string {
  const opposite = term.startsWith('-') ? term.slice(1) : `-${term}`;
  const kept = termsOf(query).filter((each) => each !== opposite && each !== term);
  return [...kept, term].join(' ');
}

/** The term in which the caret stands. */
export function tokenAt(query: string, caret: number): Token {
  const before = query.slice(0, caret);
  const start = before.length - (/(?:[^\s"]|"(?:[^"\\]|\\.)*"?)*$/.exec(before)?.[0].length ?? 0);
  const end = caret + (/^[^\s]*/.exec(query.slice(caret))?.[0].length ?? 0);
  return { start, end, text: query.slice(start, end) };
}

/** What the token may become: names of fields, or values after `field:`. */
export function completionsFor(token: string, counts: FieldCounts): Completion[] {
  const exclude = token.startsWith('-');
  const typed = exclude ? token.slice(1) : token;
  const colon = typed.indexOf(':');
  if (colon === -1) return fieldNames(typed, exclude, counts);
  const field = typed.slice(0, colon);
  const start = typed
    .slice(colon + 1)
    .replaceAll('"', '')
    .toLowerCase();
  const values = counts.find(({ name }) => name === field)?.values ?? [];
  return values
    .filter(({ value }) => value.toLowerCase().startsWith(start))
    .slice(0, MOST_COMPLETIONS)
    .map(({ value, count }) => ({
      insert: `${termFor(field, value, exclude)} `,
      label: value,
      detail: count.toLocaleString('en'),
    }));
}

function fieldNames(typed: string, exclude: boolean, counts: FieldCounts): Completion[] {
  const names = new Set([...counts.map(({ name }) => name), ...KNOWN_FIELDS]);
  const start = typed.toLowerCase();
  return [...names]
    .filter((name) => name.toLowerCase().startsWith(start))
    .slice(0, MOST_COMPLETIONS)
    .map((name) => ({ insert: `${exclude ? '-' : ''}${name}:`, label: `${name}:`, detail: 'field' }));
}
