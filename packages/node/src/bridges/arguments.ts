import { format } from 'node:util';
import { isError } from '../logging/error-test.ts';

/** What was handed to a logger of the console's kind, as a record has it. */
export interface Split {
  message: string;
  fields: object;
}

/** Texts become the message; objects stay objects, so that what is secret in them is found by its key. */
export function split(args: readonly unknown[]): Split {
  const isThing = (value: unknown): value is object => typeof value === 'object' && value !== null;
  const error = args.find(isError);
  const things = args.filter((value): value is object => isThing(value) && !isError(value));
  const [only] = things;
  const message = format(...args.filter((value) => !isThing(value)));
  return {
    message: message === '' && error !== undefined ? error.message : message,
    fields: fieldsOf(things.length === 1 && !Array.isArray(only) ? only : undefined, things, error),
  };
}

/** @param only the one object that was written; it is handed on as it is, for reading it may throw */
function fieldsOf(only: object | undefined, things: readonly unknown[], error: Error | undefined): object {
  if (error === undefined) {
    return only ?? (things.length === 0 ? {} : { args: things });
  }
  try {
    return only === undefined && things.length > 0 ? { args: things, error } : { ...only, error };
  } catch {
    return { args: things, error };
  }
}
