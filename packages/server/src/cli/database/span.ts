import { parseDuration } from '../../lib/duration.ts';
import { YumOpsError } from '../../lib/errors.ts';

const MOST = 30 * 86_400_000;
const LEAST = 60_000;

export const lastArg = {
  type: 'string',
  description: 'How far back, such as 1h, 24h or 7d',
  valueHint: 'TIME',
} as const;

/** A length of time in ms. @throws YumOpsError `wrong_use` */
export function readLast(text: string): number {
  const length = parseDuration(text);
  if (length !== undefined && length >= LEAST && length <= MOST) return length;
  throw new YumOpsError('wrong_use', `"${text}" is not a length of time that is kept.`, {
    hint: 'Give one from 1m to 30d, such as 24h.',
    status: 400,
  });
}
