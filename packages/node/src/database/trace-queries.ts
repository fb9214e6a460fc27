import { getActiveSpan, startSpan } from '../errors/spans.ts';
import { commented } from './statement-comment.ts';

/** What is used of a `pg` client. */
export interface QueryClient {
  // biome-ignore lint/suspicious/noExplicitAny: pg's own overloads differ from version to version
  query: (...args: any[]) => any;
}

/** What is used of a `pg` pool. */
export interface QueryPool {
  on(event: 'connect', listener: (client: QueryClient) => void): unknown;
  totalCount: number;
}

const LONGEST_TEXT = 2_000;
const traced = new WeakSet<object>();

/**
 * Makes statements of a `pg` pool or client say for which request and trace they run, so that the platform links them both
 * ways: a comment in front of the text, and within a span a span of its own with the text (without values). A prepared
 * statement, which has a name, keeps its text. Call it before the pool's first connection. @returns the pool or client
 */
export function traceQueries<Target extends QueryPool | QueryClient>(target: Target): Target {
  if (traced.has(target)) return target;
  traced.add(target);
  // A pool asks its clients, so a pool's own method is left alone.
  if ('totalCount' in target) target.on('connect', (client) => void traceQueries(client));
  else traceClient(target);
  return target;
}

function traceClient(client: QueryClient): void {
  const query = client.query.bind(client);
  client.query = (first: unknown, ...rest: unknown[]) => {
    const text = textOf(first);
    const awaited = typeof rest.at(-1) !== 'function';
    if (text === undefined || !awaited || getActiveSpan() === undefined) return query(withComment(first), ...rest);
    const attributes = { 'db.system.name': 'postgresql', 'db.query.text': text.slice(0, LONGEST_TEXT) };
    return startSpan({ name: nameOf(text), op: 'db.query', attributes }, () => query(withComment(first), ...rest));
  };
}

interface QueryConfig {
  text: string;
  name?: string;
}

/** Cursors and streams send themselves; they and what is no statement are left as they are. */
function isConfig(first: unknown): first is QueryConfig {
  return typeof first === 'object' && first !== null && 'text' in first && !('submit' in first);
}

function textOf(first: unknown): string | undefined {
  if (typeof first === 'string') return first;
  return isConfig(first) && typeof first.text === 'string' ? first.text : undefined;
}

function withComment(first: unknown): unknown {
  if (typeof first === 'string') return commented(first);
  if (!isConfig(first) || typeof first.text !== 'string' || first.name !== undefined) return first;
  return Object.assign(Object.create(Object.getPrototypeOf(first)), first, { text: commented(first.text) });
}

/** Verb and first words, such as `SELECT * FROM orders`. */
function nameOf(text: string): string {
  return text.trim().replace(/\s+/g, ' ').slice(0, 80);
}
