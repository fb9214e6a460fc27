/** Where a document lacks something that was expected of it. */
export interface Mismatch {
  /** `json.checks.database.status` */
  path: string;
  expected: unknown;
  /** undefined = absent */
  found: unknown;
}

/**
 * Looks for `expected` in `actual`: every expected key must be there with a value that matches in turn, and every
 * expected element must match some element of the list, in any order; more keys and elements do no harm. (The rule of
 * PostgreSQL's `@>`.)
 * @returns the first difference, or null when `expected` is contained
 */
export function findMismatch(expected: unknown, actual: unknown, path = 'json'): Mismatch | null {
  if (Array.isArray(expected)) return inList(expected, actual, path);
  if (typeof expected === 'object' && expected !== null) return inObject(expected, actual, path);
  return expected === actual ? null : { path, expected, found: actual };
}

function inObject(expected: object, actual: unknown, path: string): Mismatch | null {
  if (typeof actual !== 'object' || actual === null || Array.isArray(actual)) return { path, expected, found: actual };
  for (const [key, value] of Object.entries(expected)) {
    const found = Object.hasOwn(actual, key) ? (actual as Record<string, unknown>)[key] : undefined;
    const mismatch = findMismatch(value, found, step(path, key));
    if (mismatch) return mismatch;
  }
  return null;
}

function inList(expected: unknown[], actual: unknown, path: string): Mismatch | null {
  if (!Array.isArray(actual)) return { path, expected, found: actual };
  const missing = expected.find((value) => !actual.some((element) => findMismatch(value, element) === null));
  return missing === undefined ? null : { path, expected: missing, found: actual };
}

function step(path: string, key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
}
