import { type ClickHouseToken, clickhouseTokens } from '../../../lib/clickhouse-tokens.ts';

/**
 * Rewrites standard SQL's `PERCENTILE_CONT(p) WITHIN GROUP (ORDER BY x)` as ClickHouse's
 * `quantileExactInclusive(p)(x)`, which interpolates in the same way. Everything else stays as it is, texts and
 * comments included.
 */
export function rewritePercentiles(sql: string): string {
  const tokens = [...clickhouseTokens(sql)];
  let out = '';
  for (let at = 0; at < tokens.length; ) {
    const call = isWord(tokens[at], 'PERCENTILE_CONT') ? readCall(tokens, at) : undefined;
    if (call) {
      const share = call.descending ? `1 - ${call.share}` : call.share;
      out += `quantileExactInclusive(${share})(${rewritePercentiles(call.value)})`;
      at = call.end;
    } else {
      out += (tokens[at] as ClickHouseToken).text;
      at += 1;
    }
  }
  return out;
}

/** The SQL without white space, comments and semicolons at its end. */
export function withoutTerminator(sql: string): string {
  const tokens = [...clickhouseTokens(sql)];
  let end = tokens.length;
  while (end > 0 && (tokens[end - 1]?.kind === 'gap' || tokens[end - 1]?.text === ';')) end -= 1;
  return tokens
    .slice(0, end)
    .map(({ text }) => text)
    .join('');
}

interface Call {
  share: string;
  value: string;
  descending: boolean;
  /** Index of the token behind the call. */
  end: number;
}

function readCall(tokens: readonly ClickHouseToken[], start: number): Call | undefined {
  const share = readParenthesis(tokens, skipGaps(tokens, start + 1));
  if (!share) return undefined;
  let at = skipGaps(tokens, share.end);
  for (const word of ['WITHIN', 'GROUP']) {
    if (!isWord(tokens[at], word)) return undefined;
    at = skipGaps(tokens, at + 1);
  }
  const order = readParenthesis(tokens, at);
  const inner = order?.inner.filter((token, i, all) => token.kind !== 'gap' || isInside(all, i)) ?? [];
  if (!order || !isWord(inner[0], 'ORDER')) return undefined;
  const by = skipGaps(inner, 1);
  if (!isWord(inner[by], 'BY')) return undefined;
  const last = inner.at(-1);
  const directed = isWord(last, 'ASC') || isWord(last, 'DESC');
  const value = inner.slice(by + 1, directed ? -1 : undefined);
  return { share: textOf(share.inner), value: textOf(value), descending: isWord(last, 'DESC'), end: order.end };
}

function readParenthesis(
  tokens: readonly ClickHouseToken[],
  start: number,
): { inner: ClickHouseToken[]; end: number } | undefined {
  if (tokens[start]?.text !== '(') return undefined;
  let depth = 0;
  for (let at = start; at < tokens.length; at += 1) {
    const text = tokens[at]?.text;
    if (text === '(') depth += 1;
    if (text === ')') depth -= 1;
    if (depth === 0) return { inner: tokens.slice(start + 1, at), end: at + 1 };
  }
  return undefined;
}

function skipGaps(tokens: readonly ClickHouseToken[], start: number): number {
  let at = start;
  while (tokens[at]?.kind === 'gap') at += 1;
  return at;
}

/** Whether something other than gaps stands before and after. */
function isInside(tokens: readonly ClickHouseToken[], at: number): boolean {
  return (
    tokens.slice(0, at).some(({ kind }) => kind !== 'gap') && tokens.slice(at + 1).some(({ kind }) => kind !== 'gap')
  );
}

function isWord(token: ClickHouseToken | undefined, word: string): boolean {
  return token?.kind === 'word' && token.text.toUpperCase() === word;
}

function textOf(tokens: readonly ClickHouseToken[]): string {
  return tokens
    .map(({ text }) => text)
    .join('')
    .trim();
}
