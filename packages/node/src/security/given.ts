import { describe } from '../logging/record-writer.ts';

/**
 * The text that an application was given. What comes from a request's body is what its sender likes, whatever the type says: an
 * object in place of an e-mail address must not end the process.
 */
export function givenText(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === undefined || value === null ? '' : describe(value);
}
