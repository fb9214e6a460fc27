import { YumOpsError } from '../lib/errors.ts';

/** Reads the time of an option as ISO 8601 in UTC. @throws YumOpsError `wrong_use` (400) */
export function instantOf(text: string): string {
  const time = Date.parse(text);
  if (Number.isFinite(time)) return new Date(time).toISOString();
  throw new YumOpsError('wrong_use', `"${text}" is not a time.`, {
    hint: 'Write for example 2026-12-05T22:00:00Z.',
    status: 400,
  });
}
