import { YumOpsError } from '../../../lib/errors.ts';

/** What a log query asks of a record. */
export type Condition =
  | { kind: 'all' | 'any'; items: Condition[] }
  | { kind: 'not'; item: Condition }
  /** Words in the message: one or several in this order; the last may be the beginning of a word. */
  | { kind: 'text'; text: string; prefix: boolean }
  | { kind: 'field'; field: string; test: FieldTest };

export type Comparison = '>' | '>=' | '<' | '<=';

export type FieldTest =
  | { op: 'exists' }
  | { op: 'in'; values: string[] }
  /** `*` stands for any characters. */
  | { op: 'like'; pattern: string }
  | { op: 'compare'; comparison: Comparison; value: number }
  | { op: 'range'; from: number; to: number };

interface Token {
  kind: 'term' | 'open' | 'close' | 'or' | 'not';
  /** Of a term: field name, or empty. */
  field: string;
  value: string;
  quoted: boolean;
  /** Place in the query, from 1. */
  at: number;
}

/** Deepest nesting of parentheses. */
const MAX_DEPTH = 20;

const MAX_LENGTH = 4_096;

/**
 * Reads a log query: words, `"a phrase"`, `field:value`, `field:a,b`, `field:>10`, `field:1..5`, `field:api/*`,
 * `field:*`, negation with `-` or `NOT`, `OR`, parentheses. Terms side by side must all hold.
 * @throws invalid_query (400) with the place of the mistake
 */
export function parseLogQuery(query: string): Condition {
  if (query.length > MAX_LENGTH) throw invalid(`a query may have at most ${MAX_LENGTH} characters`, 1);
  const tokens = readTokens(query);
  const parser = new Parser(tokens, query.length + 1);
  const condition = parser.any(0);
  parser.end();
  return condition;
}

class Parser {
  readonly #tokens: readonly Token[];
  readonly #length: number;
  #next = 0;

  constructor(tokens: readonly Token[], length: number) {
    this.#tokens = tokens;
    this.#length = length;
  }

  any(depth: number): Condition {
    const items = [this.#all(depth)];
    while (this.#take('or')) items.push(this.#all(depth));
    return items.length === 1 ? (items[0] as Condition) : { kind: 'any', items };
  }

  end(): void {
    const token = this.#tokens[this.#next];
    if (token) throw invalid(`"${token.value}" was not expected`, token.at);
  }

  #all(depth: number): Condition {
    const items: Condition[] = [];
    for (let item = this.#item(depth); item; item = this.#item(depth)) items.push(item);
    return items.length === 1 ? (items[0] as Condition) : { kind: 'all', items };
  }

  #item(depth: number): Condition | undefined {
    if (this.#take('not')) {
      const item = this.#item(depth);
      if (!item) throw invalid('a term was expected after the negation', this.#place());
      return { kind: 'not', item };
    }
    const open = this.#take('open');
    if (open) {
      if (depth >= MAX_DEPTH) throw invalid('too many parentheses', open.at);
      const inner = this.any(depth + 1);
      if (!this.#take('close')) throw invalid('")" is missing', this.#place());
      return inner;
    }
    const term = this.#take('term');
    return term && toCondition(term);
  }

  #take(kind: Token['kind']): Token | undefined {
    const token = this.#tokens[this.#next];
    if (token?.kind !== kind) return undefined;
    this.#next += 1;
    return token;
  }

  #place(): number {
    return this.#tokens[this.#next]?.at ?? this.#length;
  }
}

const FIELD = /^([A-Za-z_@][\w.@/-]*):/;

function readTokens(query: string): Token[] {
  const tokens: Token[] = [];
  let at = skipSpace(query, 0);
  while (at < query.length) {
    const { token, end } = readToken(query, at);
    if (token) tokens.push(token);
    at = skipSpace(query, end);
  }
  return tokens;
}

function skipSpace(query: string, start: number): number {
  return start + (/^\s*/.exec(query.slice(start))?.[0].length ?? 0);
}

function readToken(query: string, at: number): { token: Token | undefined; end: number } {
  const char = query[at] as string;
  if (char === '(') return { token: sign('open', char, at), end: at + 1 };
  if (char === ')') return { token: sign('close', char, at), end: at + 1 };
  const negates = char === '-' && /[^\s)]/.test(query[at + 1] ?? ' ');
  return negates ? { token: sign('not', char, at), end: at + 1 } : readTerm(query, at);
}

function readTerm(query: string, start: number): { token: Token | undefined; end: number } {
  const field = FIELD.exec(query.slice(start))?.[1] ?? '';
  const valueStart = field === '' ? start : start + field.length + 1;
  if (query[valueStart] === '"') {
    const { text, end } = readQuoted(query, valueStart);
    return { token: { kind: 'term', field, value: text, quoted: true, at: start + 1 }, end };
  }
  const value = /^[^\s()]*/.exec(query.slice(valueStart))?.[0] ?? '';
  const end = valueStart + value.length;
  if (field !== '' && value === '') throw invalid(`a value was expected after "${field}:"`, valueStart + 1);
  if (field === '' && value === 'AND') return { token: undefined, end };
  if (field === '' && value === 'OR') return { token: sign('or', value, start), end };
  if (field === '' && value === 'NOT') return { token: sign('not', value, start), end };
  return { token: { kind: 'term', field, value, quoted: false, at: start + 1 }, end };
}

function readQuoted(query: string, start: number): { text: string; end: number } {
  let text = '';
  for (let at = start + 1; at < query.length; at += 1) {
    const char = query[at] as string;
    if (char === '"') return { text, end: at + 1 };
    if (char === '\\' && at + 1 < query.length) at += 1;
    text += query[at];
  }
  throw invalid('a quotation is not closed', start + 1);
}

function toCondition({ field, value, quoted, at }: Token): Condition {
  if (field !== '') return { kind: 'field', field, test: quoted ? { op: 'in', values: [value] } : toTest(value, at) };
  const prefix = !quoted && value.length > 1 && value.endsWith('*');
  return { kind: 'text', text: prefix ? value.slice(0, -1) : value, prefix };
}

const COMPARISON = /^(>=|<=|>|<)(.*)$/;
const RANGE = /^(-?\d+(?:\.\d+)?)\.\.(-?\d+(?:\.\d+)?)$/;

function toTest(value: string, at: number): FieldTest {
  if (value === '*') return { op: 'exists' };
  const compared = COMPARISON.exec(value);
  if (compared) {
    const number = Number(compared[2]);
    if (compared[2] === '' || !Number.isFinite(number))
      throw invalid(`a number was expected after "${compared[1]}"`, at);
    return { op: 'compare', comparison: compared[1] as Comparison, value: number };
  }
  const range = RANGE.exec(value);
  if (range) return { op: 'range', from: Number(range[1]), to: Number(range[2]) };
  if (value.includes('*')) return { op: 'like', pattern: value };
  return { op: 'in', values: value.split(',').filter((part) => part !== '') };
}

function sign(kind: Token['kind'], value: string, at: number): Token {
  return { kind, field: '', value, quoted: false, at: at + 1 };
}

function invalid(problem: string, at: number): YumOpsError {
  return new YumOpsError('invalid_query', `The log query cannot be read: ${problem} (at character ${at}).`, {
    status: 400,
    hint: 'Example: level:error service:api "connection refused" -endpoint:/api/health duration:>500',
  });
}
