import type { Taken } from '../../net/socket-reader.ts';

/** A reply of the Redis protocol, version 2: a text, or an error as `-CODE message` without the dash. */
export type Reply = { kind: 'text'; text: string } | { kind: 'error'; text: string };

/** A command as Redis reads it. */
export function encodeCommand(...words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;
}

/**
 * Takes one reply that is a simple text, a number, an error or a bulk text.
 * @returns undefined while it is incomplete, null in the message when this is not the Redis protocol
 */
export function takeReply(bytes: Buffer): Taken<Reply | null> | undefined {
  const end = bytes.indexOf('\r\n');
  if (end < 0) return bytes.length > 0 && !'+-:$'.includes(`${bytes.subarray(0, 1)}`) ? none(bytes) : undefined;
  const text = bytes.toString('utf8', 1, end);
  switch (bytes.toString('latin1', 0, 1)) {
    case '+':
    case ':':
      return { message: { kind: 'text', text }, bytes: end + 2 };
    case '-':
      return { message: { kind: 'error', text }, bytes: end + 2 };
    case '$':
      return takeBulk(bytes, Number(text), end + 2);
    default:
      return none(bytes);
  }
}

function none(bytes: Buffer): Taken<null> {
  return { message: null, bytes: bytes.length };
}

function takeBulk(bytes: Buffer, length: number, start: number): Taken<Reply | null> | undefined {
  if (!Number.isInteger(length)) return none(bytes);
  if (length < 0) return { message: { kind: 'text', text: '' }, bytes: start };
  const end = start + length + 2;
  if (bytes.length < end) return undefined;
  return { message: { kind: 'text', text: bytes.toString('utf8', start, start + length) }, bytes: end };
}
