import type { z } from 'zod';
import type { ConfigPath, Issue, Report } from '../lib/finding.ts';
import { didYouMean } from '../lib/nearest.ts';

type ZodIssue = z.core.$ZodIssue;

const NOUNS: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
};

function nounOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  return typeof value === 'string' ? `the text "${value}"` : `${value}`;
}

function valueAt(value: unknown, path: ConfigPath): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null ? (inner as Record<string | number, unknown>)[key] : undefined,
    value,
  );
}

/** The keys that a schema knows at `path`. */
function knownKeys(schema: z.core.$ZodType, path: ConfigPath): string[] {
  const def = schema._zod.def as z.core.$ZodTypeDef & {
    shape?: Record<string, z.core.$ZodType>;
    innerType?: z.core.$ZodType;
    element?: z.core.$ZodType;
    valueType?: z.core.$ZodType;
    options?: z.core.$ZodType[];
  };
  if (def.innerType) return knownKeys(def.innerType, path);
  if (def.options) return def.options.flatMap((option) => knownKeys(option, path));
  const [key, ...rest] = path;
  if (key === undefined) return def.shape ? Object.keys(def.shape) : [];
  const child = def.shape ? def.shape[key] : (def.element ?? def.valueType);
  return child ? knownKeys(child, rest) : [];
}

/** Of a union's branches the one that the author meant: the one whose own type fits. */
function meantBranch(issue: z.core.$ZodIssueInvalidUnion): readonly ZodIssue[] | undefined {
  return issue.errors.find(
    (issues) => issues.length > 0 && issues.every((inner) => inner.code !== 'invalid_type' || inner.path.length > 0),
  );
}

function bound(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): string {
  if (issue.code === 'too_big') return `at most ${issue.maximum}`;
  if (issue.origin === 'string') return 'at least one character';
  if (issue.origin === 'array') return 'at least one item';
  return issue.inclusive === false ? `more than ${issue.minimum}` : `at least ${issue.minimum}`;
}

function explainType(expected: string, value: unknown, path: ConfigPath): Issue {
  const key = path.at(-1);
  if (value === undefined) {
    return { code: 'E103', path, message: `"${key}" is missing`, suggestion: `add ${key}:` };
  }
  const issue: Issue = {
    code: 'E103',
    path,
    message: `expected ${NOUNS[expected] ?? expected}, found ${nounOf(value)}`,
  };
  const quotable = expected === 'string' && (typeof value === 'number' || typeof value === 'boolean');
  return quotable ? { ...issue, suggestion: 'put it in quotes' } : issue;
}

function explain(issue: ZodIssue, schema: z.core.$ZodType, root: unknown, prefix: ConfigPath): Issue[] {
  const path = [...prefix, ...issue.path] as (string | number)[];
  const value = valueAt(root, path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => {
        const known = knownKeys(schema, path);
        const suggestion = didYouMean(key, known) ?? `keys are ${known.join(', ')}`;
        return { code: 'E101', path: [...path, key], atKey: true, message: `unknown key "${key}"`, suggestion };
      });
    case 'invalid_type':
      return [explainType(issue.expected, value, path)];
    case 'invalid_value': {
      const allowed = issue.values.map(String);
      const suggestion = didYouMean(String(value), allowed);
      const message =
        value === undefined
          ? `"${path.at(-1)}" is missing`
          : `${JSON.stringify(value)} is not one of ${allowed.join(', ')}`;
      return [{ code: 'E103', path, message, ...(suggestion === undefined ? {} : { suggestion }) }];
    }
    case 'invalid_union': {
      if (value === undefined) return [explainType('', value, path)];
      const branch = meantBranch(issue);
      if (branch) return branch.flatMap((inner) => explain(inner, schema, root, path));
      return [{ code: 'E103', path, message: `${issue.message}, found ${nounOf(value)}` }];
    }
    case 'too_small':
    case 'too_big':
      return [{ code: 'E103', path, message: `expected ${bound(issue)}, found ${nounOf(value)}` }];
    default:
      return [{ code: 'E103', path, message: issue.message }];
  }
}

/**
 * Compares a value with its schema and reports E101 and E103.
 * @returns true when the value has the schema's type, unknown keys aside
 */
export function checkShape<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  report: Report,
): value is z.infer<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return true;
  const issues = result.error.issues.flatMap((issue) => explain(issue, schema, value, []));
  for (const issue of issues) report(issue);
  return issues.every(({ code }) => code === 'E101');
}
