import { YumOpsError } from '../../../lib/errors.ts';
import type { Labels } from '../fingerprint.ts';

/** A condition on one label, as Alertmanager writes it. */
export interface Matcher {
  name: string;
  op: '=' | '!=' | '=~' | '!~';
  value: string;
}

const MATCHER = /^\s*([A-Za-z_][A-Za-z0-9_.]*)\s*(=~|!~|!=|=)\s*(.*?)\s*$/s;
const QUOTED = /^"((?:[^"\\]|\\.)*)"$/s;
const VALUE_MAX = 500;
/** A repetition inside a repetition, or a look at what came before: a short text can take such a pattern hours. */
const SLOW = /[*+}]\)+[*+{]|\|[^)]*\)[*+{]|\\[1-9]|\(\?<?[=!]/;

/**
 * Reads `name="value"`, with `=`, `!=`, `=~` or `!~`; quotes may be left out. `env` is read as `environment`.
 * @throws YumOpsError `invalid_matcher` (400)
 */
export function parseMatcher(text: string): Matcher {
  const [, label = '', op = '', written = ''] = MATCHER.exec(text) ?? [];
  const value = unquote(written);
  if (label === '' || value === undefined) throw invalid(text, 'write for example service="api" or route=~"/api/.*"');
  if (value.length > VALUE_MAX) throw invalid(text, `a value has at most ${VALUE_MAX} characters`);
  const matcher: Matcher = { name: label === 'env' ? 'environment' : label, op: op as Matcher['op'], value };
  if (op.endsWith('~')) checkPattern(text, value);
  return matcher;
}

function unquote(written: string): string | undefined {
  const quoted = QUOTED.exec(written)?.[1];
  if (quoted !== undefined) return quoted.replaceAll(/\\(["\\])/g, '$1');
  return /^$|^[=~!]|"/.test(written) ? undefined : written;
}

function checkPattern(text: string, pattern: string): void {
  if (SLOW.test(pattern)) throw invalid(text, 'a repetition must not hold another one, and nothing may refer back');
  try {
    whole(pattern);
  } catch {
    throw invalid(text, `"${pattern}" is not a regular expression`);
  }
}

function invalid(text: string, hint: string): YumOpsError {
  return new YumOpsError('invalid_matcher', `"${text}" is not a condition on a label.`, { hint, status: 400 });
}

/** The matcher as `parseMatcher` reads it. */
export function formatMatcher({ name, op, value }: Matcher): string {
  return `${name}${op}"${value.replaceAll(/["\\]/g, '\\$&')}"`;
}

/** Whether all matchers hold. A label that is missing is the empty text; patterns match the whole value. */
export function matchesAll(matchers: readonly Matcher[], labels: Labels): boolean {
  return matchers.every((matcher) => holds(matcher, labels[matcher.name] ?? ''));
}

/** Whether the matchers also hold without any label, so that they would match everything. */
export function matchesAnything(matchers: readonly Matcher[]): boolean {
  return matchesAll(matchers, {});
}

function holds({ op, value }: Matcher, actual: string): boolean {
  switch (op) {
    case '=':
      return actual === value;
    case '!=':
      return actual !== value;
    case '=~':
      return whole(value).test(actual);
    case '!~':
      return !whole(value).test(actual);
  }
}

const PATTERNS_KEPT = 1_000;
const patterns = new Map<string, RegExp>();

function whole(pattern: string): RegExp {
  const known = patterns.get(pattern);
  if (known) return known;
  const made = new RegExp(`^(?:${pattern})$`, 's');
  if (patterns.size >= PATTERNS_KEPT) patterns.clear();
  patterns.set(pattern, made);
  return made;
}
