import type { Assertion, AssertionOperator, AssertionSubject } from './assertion.ts';

/** What assertions look at; a fact that the check does not have is undefined. */
export interface Facts {
  status?: number | undefined;
  /** Milliseconds of the whole check. */
  timeMs: number;
  certificateDays?: number | undefined;
  body?: string | undefined;
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>;
  /** The parsed body, undefined when it is not JSON. */
  json?: unknown;
  /** What a query found; undefined when it found nothing. */
  value?: unknown;
}

/** @returns a sentence that says how the facts fail the assertion, or null when they meet it */
export function unmet(assertion: Assertion, facts: Facts): string | null {
  const found = lookUp(assertion.subject, facts);
  if (COMPARE[assertion.op](found, assertion.value)) return null;
  return `Expected ${assertion.text}, found ${describe(assertion.subject, found)}.`;
}

/** The fact that a subject names; undefined when there is none. */
export function lookUp(subject: AssertionSubject, facts: Facts): unknown {
  switch (subject.kind) {
    case 'status':
      return facts.status;
    case 'time':
      return facts.timeMs;
    case 'certificate':
      return facts.certificateDays;
    case 'body':
      return facts.body;
    case 'value':
      return facts.value;
    case 'header':
      return facts.headers[subject.name.toLowerCase()];
    case 'jsonata':
      throw new Error('an expression is evaluated, not looked up');
    case 'json':
      return subject.path.reduce<unknown>(member, facts.json);
  }
}

function member(value: unknown, key: string | number): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string | number, unknown>)[key]
    : undefined;
}

const COMPARE: Record<AssertionOperator, (found: unknown, wanted: unknown) => boolean> = {
  '==': (found, wanted) => same(found, wanted),
  '!=': (found, wanted) => found !== undefined && !same(found, wanted),
  '>': (found, wanted) => ordered(found, wanted, (order) => order > 0),
  '>=': (found, wanted) => ordered(found, wanted, (order) => order >= 0),
  '<': (found, wanted) => ordered(found, wanted, (order) => order < 0),
  '<=': (found, wanted) => ordered(found, wanted, (order) => order <= 0),
  in: (found, wanted) => Array.isArray(wanted) && wanted.some((one) => same(found, one)),
  contains: (found, wanted) =>
    Array.isArray(found)
      ? found.some((one) => same(one, wanted))
      : found !== undefined && asText(found).includes(asText(wanted)),
};

/** Equal as values; a number and its text are the same, for a header is always text. */
function same(found: unknown, wanted: unknown): boolean {
  if (found === undefined) return false;
  if (found === wanted) return true;
  if (typeof found === 'object' || typeof wanted === 'object') return JSON.stringify(found) === JSON.stringify(wanted);
  return typeof found !== typeof wanted && typeof found !== 'boolean' && String(found) === String(wanted);
}

function ordered(found: unknown, wanted: unknown, test: (order: number) => boolean): boolean {
  if (found === undefined || found === null || found === '') return false;
  const [a, b] = [Number(found), Number(wanted)];
  if (!Number.isNaN(a) && !Number.isNaN(b)) return test(a - b);
  return typeof found === 'string' && typeof wanted === 'string' && test(found < wanted ? -1 : found > wanted ? 1 : 0);
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

const LONGEST = 80;

function describe(subject: AssertionSubject, found: unknown): string {
  if (found === undefined) return 'nothing';
  if (subject.kind === 'time') return `${Math.round(found as number)} ms`;
  if (subject.kind === 'certificate') return `${found} days`;
  if (subject.kind === 'body') return found === '' ? 'an empty body' : 'no such text in the body';
  return shorten(JSON.stringify(found));
}

/** Cuts a quoted value so that a reason stays one readable sentence. */
export function shorten(text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}…`;
}
