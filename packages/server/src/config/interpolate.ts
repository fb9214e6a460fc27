import type { ConfigPath, Report } from '../lib/finding.ts';

const REFERENCE = /\$?\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

/** What references are filled in from. */
export interface Filling {
  env: Readonly<Record<string, string | undefined>>;
  /** Takes each variable that was filled in, with its value. */
  used: Map<string, string>;
  report: Report;
}

function fill(text: string, { env, used, report }: Filling, path: ConfigPath): string {
  return text.replace(REFERENCE, (reference, name: string, at: number) => {
    if (reference.startsWith('$$')) return reference.slice(1);
    const value = env[name];
    if (value !== undefined && value !== '') {
      used.set(name, value);
      return value;
    }
    report({
      code: 'E209',
      path,
      offset: at,
      message: `environment variable ${name} is not set`,
      suggestion: `set ${name} for the process, or write file:PATH`,
    });
    return reference;
  });
}

/**
 * Replaces `${NAME}` in every text of a value by the environment variable; `$${NAME}` stands for the text itself.
 * Reports E209 for a variable that is not set and leaves its reference as it is.
 */
export function interpolate(value: unknown, filling: Filling, path: ConfigPath): unknown {
  if (typeof value === 'string') return fill(value, filling, path);
  if (Array.isArray(value)) return value.map((item, index) => interpolate(item, filling, [...path, index]));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, interpolate(item, filling, [...path, key])]),
  );
}
