import type { QueryAnswer } from '@yumops/protocol';
import { clickhouseTokens } from '../../../lib/clickhouse-tokens.ts';
import type { Clock } from '../../../lib/clock.ts';
import { messageOf, YumOpsError } from '../../../lib/errors.ts';
import type { TelemetryStore } from '../../../lib/telemetry.ts';
import { checkTree } from './check-tree.ts';
import { rewritePercentiles, withoutTerminator } from './percentile.ts';
import { readSyntaxTree, type SyntaxNode } from './syntax-tree.ts';

/** Longest query, characters. */
const MAX_LENGTH = 64 * 1024;

const LIMITS = { maxSeconds: 30, maxRows: 100_000, maxBytes: 32 * 1024 * 1024 };

/** Engine errors that say that the query took too much: memory, rows, time, cancelled. */
const TOO_HEAVY = new Set(['158', '159', '160', '241', '307', '394', '396']);

/**
 * Runs SQL that a person wrote. The text reaches the engine only as a parameter; what runs is the engine's own
 * rendering of it, after its syntax tree was checked, in a session that reads only, within limits.
 * @throws YumOpsError invalid_query, query_not_allowed (400), query_too_heavy (422)
 */
export async function runQuery(
  store: TelemetryStore,
  sql: string,
  clock: Clock,
  signal?: AbortSignal,
): Promise<QueryAnswer> {
  const started = clock.monotonic();
  const statement = await guard(store, sql);
  const { columns, rows } = await explained(() => store.read(statement, { ...LIMITS, ...(signal ? { signal } : {}) }));
  return { columns, rows, elapsedMs: Math.round(clock.monotonic() - started) };
}

/** The statement that may run in place of `sql`. */
async function guard(store: TelemetryStore, sql: string): Promise<string> {
  if (sql.length > MAX_LENGTH) {
    throw new YumOpsError('invalid_query', `A query may have at most ${MAX_LENGTH} characters.`, { status: 400 });
  }
  const text = rewritePercentiles(withoutTerminator(sql));
  const [formatted] = await explained(() =>
    store.query<{ statement: string }>('SELECT formatQuerySingleLine({text:String}) AS statement', { text }),
  );
  const statement = formatted?.statement ?? '';
  const [lines, tables] = await explained(() =>
    Promise.all([
      store.query<{ explain: string }>(`EXPLAIN AST ${statement}`),
      store.query<{ name: string }>('SELECT name FROM system.tables WHERE database = currentDatabase()'),
    ]),
  );
  const tree = readSyntaxTree(lines.map(({ explain }) => explain));
  checkTree(withoutTransportFormat(tree), {
    own: ownNames(statement),
    tables: new Set(tables.map(({ name }) => name)),
  });
  return statement;
}

/**
 * The store appends the format of its answer to every statement, here to the explained one. A statement that has a
 * FORMAT of its own does not parse with a second one.
 */
function withoutTransportFormat(tree: SyntaxNode): SyntaxNode {
  const last = tree.children.at(-1);
  const appended = last?.type === 'Identifier' && last.text === 'JSONCompact';
  return appended ? { ...tree, children: tree.children.slice(0, -1) } : tree;
}

/** Names in `name AS (SELECT …)`. Too many would do no harm: no name of a table counts as one's own. */
function ownNames(statement: string): Set<string> {
  const tokens = [...clickhouseTokens(statement)].filter(({ kind }) => kind !== 'gap');
  const names = new Set<string>();
  tokens.forEach((token, at) => {
    const query = tokens[at + 3]?.text.toUpperCase();
    const named = tokens[at + 1]?.text.toUpperCase() === 'AS' && tokens[at + 2]?.text === '(';
    if (named && (query === 'SELECT' || query === 'WITH' || query === '(')) names.add(unquote(token.text));
  });
  return names;
}

function unquote(name: string): string {
  return /^[`"]/.test(name) ? name.slice(1, -1) : name;
}

/** Turns the engine's errors into answers for the one who wrote the query. */
async function explained<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = engineCode(error);
    if (code === undefined) throw error;
    if (TOO_HEAVY.has(code)) {
      throw new YumOpsError('query_too_heavy', 'The query took more time or memory than one may.', {
        status: 422,
        hint: 'Narrow the time range, or read fewer columns.',
        cause: error,
      });
    }
    throw new YumOpsError('invalid_query', sentenceOf(messageOf(error)), { status: 400, cause: error });
  }
}

function engineCode(error: unknown): string | undefined {
  const cause = error instanceof YumOpsError ? error.cause : error;
  const code = (cause as { code?: unknown; type?: unknown } | undefined)?.code;
  return /^\d+$/.test(String(code)) ? String(code) : undefined;
}

/** The engine's message without the text of our own statement around the user's. */
function sentenceOf(message: string): string {
  return message
    .replace(/^The telemetry store [^:]*: /, '')
    .replace(/: In scope SELECT formatQuerySingleLine\([\s\S]*?(?= \(\d+ |$)/, '')
    .slice(0, 1_000);
}
