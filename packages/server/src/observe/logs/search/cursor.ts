import { YumOpsError } from '../../../lib/errors.ts';

/** A place in the list of log rows, newest first. */
export interface LogPlace {
  /** Milliseconds since the epoch. */
  timestamp: number;
  id: string;
}

export function encodeCursor({ timestamp, id }: LogPlace): string {
  return Buffer.from(`${timestamp} ${id}`).toString('base64url');
}

/** @throws invalid_cursor (400) */
export function decodeCursor(cursor: string): LogPlace {
  const match = /^(\d{1,16}) (\S{1,100})$/.exec(Buffer.from(cursor, 'base64url').toString('utf8'));
  if (!match) throw new YumOpsError('invalid_cursor', 'The cursor is not one that a list gave.', { status: 400 });
  return { timestamp: Number(match[1]), id: match[2] as string };
}

/** The time of a row, which its id begins with; undefined when it is no id of a row. */
export function timeOfId(id: string): number | undefined {
  const match = /^([0-9a-z]{1,10})-[0-9a-z]+$/.exec(id);
  const time = match ? Number.parseInt(match[1] as string, 36) : Number.NaN;
  return time > 0 && time < 1e14 ? time : undefined;
}
