import { expressionProblem } from './jsonata.ts';

/**
 * What an assertion looks at. `certificate` is days left, `time` milliseconds of the whole check, `value` what a
 * query found.
 */
export type AssertionSubject =
  | { kind: 'status' }
  | { kind: 'time' }
  | { kind: 'certificate' }
  | { kind: 'body' }
  | { kind: 'value' }
  | { kind: 'header'; name: string }
  | { kind: 'json'; path: readonly (string | number)[] }
  | { kind: 'jsonata'; expression: string };

export type AssertionOperator = '==' | '!=' | '>' | '>=' | '<' | '<=' | 'in' | 'contains';

/** One extra demand on an answer: `json.status == "healthy"`, `time < 500ms`, `status in [200, 202]`. */
export interface Assertion {
  /** As written. */
  text: string;
  subject: AssertionSubject;
  op: AssertionOperator;
  /** A JSON value; milliseconds for `time`, days for `certificate`, a list for `in`. */
  value: unknown;
}

/** What is wrong with an assertion, `offset` characters into its text. */
export interface AssertionProblem {
  message: string;
  offset: number;
  suggestion: string;
}

export type ParsedAssertion = { ok: true; assertion: Assertion } | { ok: false; problem: AssertionProblem };

const FORM = /^(\s*)(\S+)(\s+)(==|!=|>=|<=|>|<|in|contains)(?=\s|[\d"'[-])(\s*)(.*?)\s*$/;
const EXAMPLE = 'write for example status == 200, time < 500ms or json.status == "healthy"';
const NUMERIC: ReadonlySet<AssertionSubject['kind']> = new Set(['status', 'time', 'certificate']);

/** Reads what an assertion looks at: `json.path[0]`, `header.NAME`, `status`. */
export function parseSubject(text: string): AssertionSubject | undefined {
  if (text === 'status' || text === 'time' || text === 'body' || text === 'value') return { kind: text };
  if (text === 'certificate.days') return { kind: 'certificate' };
  const header = /^header\.([\w!#$%&'*+.^`|~-]+)$/.exec(text)?.[1];
  if (header !== undefined) return { kind: 'header', name: header };
  if (!/^json((\.[\w$-]+)|(\[\d+\]))*$/.test(text)) return undefined;
  const keys = text.slice(4).match(/[\w$-]+/g) ?? [];
  return { kind: 'json', path: keys.map((key) => (/^\d+$/.test(key) ? Number(key) : key)) };
}

/** A JSON value; anything else is taken as text. */
function parseValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return /^'.*'$/.test(text) ? text.slice(1, -1) : text;
  }
}

/** Milliseconds of `500ms`, `2s` or a bare number of milliseconds. */
function parseTime(text: string): unknown {
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*(ms|s)?$/.exec(text) ?? [];
  return number === undefined ? text : Number(number) * (unit === 's' ? 1_000 : 1);
}

function valueProblem(subject: AssertionSubject, op: AssertionOperator, value: unknown): string | undefined {
  if (value === '') return 'the assertion ends where a value should be';
  if (op === 'in') return Array.isArray(value) ? undefined : '"in" needs a list such as [200, 202]';
  if (op === 'contains')
    return NUMERIC.has(subject.kind) ? `${subject.kind} is a number and contains nothing` : undefined;
  if (NUMERIC.has(subject.kind) && typeof value !== 'number') return `${subject.kind} is compared with a number`;
  if (subject.kind === 'body' && op !== '==' && op !== '!=') return `the body cannot be compared with ${op}`;
  return undefined;
}

/** How each subject is written. */
const WRITTEN: Record<AssertionSubject['kind'], string> = {
  status: 'status',
  time: 'time',
  certificate: 'certificate.days',
  body: 'body',
  header: 'header.NAME',
  json: 'json.PATH',
  jsonata: 'jsonata EXPRESSION',
  value: 'value',
};

const EXPRESSION = /^\s*jsonata\s+(.+?)\s*$/s;

/** Reads `jsonata EXPRESSION`: the expression must be true of the JSON body. */
function parseExpression(text: string, expression: string): ParsedAssertion {
  const problem = expressionProblem(expression);
  if (problem === null) {
    return { ok: true, assertion: { text, subject: { kind: 'jsonata', expression }, op: '==', value: true } };
  }
  const suggestion = 'write for example jsonata $count(items[price > 0]) = $count(items)';
  const offset = text.indexOf(expression) + problem.offset;
  return { ok: false, problem: { message: problem.message, offset, suggestion } };
}

/**
 * Reads `subject operator value`, or `jsonata EXPRESSION`. Operators: `== != > >= < <= in contains`.
 * @param subjects those that the monitor has
 */
export function parseAssertion(text: string, subjects: readonly AssertionSubject['kind'][]): ParsedAssertion {
  const refuse = (message: string, offset: number, suggestion = EXAMPLE): ParsedAssertion => ({
    ok: false,
    problem: { message, offset, suggestion },
  });
  const expression = EXPRESSION.exec(text)?.[1];
  if (expression !== undefined && subjects.includes('jsonata')) return parseExpression(text, expression);
  const [, lead = '', name = '', gap = '', op = '', space = '', rest = ''] = FORM.exec(text) ?? [];
  if (name === '') return refuse(`"${text}" is not an assertion`, 0);
  const subject = parseSubject(name);
  if (!subject || !subjects.includes(subject.kind)) {
    const known = subjects.map((kind) => WRITTEN[kind]);
    const suggestion = `subjects are ${known.slice(0, -1).join(', ')} and ${known.at(-1)}`;
    return refuse(`"${name}" cannot be asserted`, lead.length, suggestion);
  }
  const operator = op as AssertionOperator;
  const value = subject.kind === 'time' ? parseTime(rest) : parseValue(rest);
  const problem = valueProblem(subject, operator, value);
  const at = lead.length + name.length + gap.length + op.length + space.length;
  return problem ? refuse(problem, at) : { ok: true, assertion: { text, subject, op: operator, value } };
}
