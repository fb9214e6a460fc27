import { z } from 'zod';
import { formatDuration, parseDuration } from './duration.ts';
import type { ConfigPath, Report } from './finding.ts';

/** A duration as operators write it: seconds as a number, or text with a unit. */
export const durationShape = z.union(
  [z.number().nonnegative(), z.string()],
  'expected a duration such as 30s or "5 minutes"',
);

/** One text or a list of them. */
export const textsShape = z.union([z.string(), z.array(z.string())], 'expected a text or a list of texts');

export const labelsShape = z.record(z.string(), z.string());

/** One text or a list, as a list. */
export function listOf(texts: string | readonly string[] | undefined): readonly string[] {
  if (texts === undefined) return [];
  return typeof texts === 'string' ? [texts] : texts;
}

/** The identity of a named thing in addresses and stores: lower case, digits and dashes. */
export function slug(name: string): string {
  const plain = name.normalize('NFKD').toLowerCase();
  return plain.replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-+|-+$/g, '') || 'unnamed';
}

/**
 * Reads a duration and reports E103 where it is none or under `minimum`.
 * @param minimum milliseconds
 * @returns milliseconds, or undefined when absent or refused
 */
export function readDuration(
  value: string | number | undefined,
  path: ConfigPath,
  report: Report,
  minimum = 0,
): number | undefined {
  if (value === undefined) return undefined;
  const ms = parseDuration(value);
  if (ms === undefined) {
    report({
      code: 'E103',
      path,
      message: `"${value}" is not a duration`,
      suggestion: 'write for example 30s, "5 minutes" or a number of seconds',
    });
    return undefined;
  }
  if (ms < minimum) {
    report({
      code: 'E103',
      path,
      message: `${value} is too short`,
      suggestion: `the shortest is ${formatDuration(minimum)}`,
    });
    return undefined;
  }
  return ms;
}
