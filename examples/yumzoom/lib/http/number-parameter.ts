import { Problem } from '@/lib/http/problem';

/** A number of the query string. @throws Problem 400 when it is missing without a fallback, or out of range */
export function numberParameter(
  parameters: URLSearchParams,
  name: string,
  { min, max, fallback }: { min: number; max: number; fallback?: number },
): number {
  const text = parameters.get(name);
  if (text === null && fallback !== undefined) return fallback;
  const number = text === null || text.trim() === '' ? Number.NaN : Number(text);
  if (!(number >= min && number <= max)) {
    throw new Problem(400, 'bad_field', `"${name}" must be a number from ${min} to ${max}.`);
  }
  return number;
}
