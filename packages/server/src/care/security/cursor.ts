import { YumOpsError } from '../../lib/errors.ts';

/**
 * Reads where a page of a list by time ended: `<ms since the epoch>.<id>`.
 * @throws YumOpsError `invalid_cursor` (400)
 */
export function readCursor(cursor: string): { at: number; id: string } {
  const [, at, id] = /^(\d{1,15})\.([\w-]{1,64})$/.exec(cursor) ?? [];
  if (at !== undefined && id !== undefined) return { at: Number(at), id };
  throw new YumOpsError('invalid_cursor', `"${cursor}" is not a cursor of this list.`, {
    hint: 'Use nextCursor of the page before.',
    status: 400,
  });
}
