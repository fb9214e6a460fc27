import type { Issue, Report } from '../../../lib/finding.ts';
import { nearest } from '../../../lib/nearest.ts';

/** E101: keys that nobody knows; at the top only a warning, since Vercel adds some. */
export function lintKeys(value: object, known: readonly string[], report: Report, more: Partial<Issue> = {}): void {
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue;
    const near = nearest(key, known);
    const suggestion = near === undefined ? `known are ${known.join(', ')}` : `did you mean "${near}"?`;
    report({
      code: 'E101',
      path: [key],
      atKey: true,
      message: `"${key}" is not a key of Vercel's`,
      suggestion,
      ...more,
    });
  }
}
