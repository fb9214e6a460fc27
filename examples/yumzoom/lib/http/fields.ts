import type { NextRequest } from 'next/server';
import { Problem } from '@/lib/http/problem';

export type Fields = Record<string, unknown>;

/** The fields of a JSON body or a posted form. */
export async function readFields(request: NextRequest): Promise<Fields> {
  const type = request.headers.get('content-type') ?? '';
  try {
    if (type.includes('form')) return Object.fromEntries(await request.formData());
    const body: unknown = await request.json();
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Fields;
  } catch {
    throw new Problem(400, 'bad_body', 'The body is neither JSON nor a form.');
  }
  throw new Problem(400, 'bad_body', 'The body must be a JSON object.');
}

/** A text field without surrounding spaces. */
export function textField(fields: Fields, name: string, max: number, min = 1): string {
  const value = fields[name] ?? '';
  const text = typeof value === 'string' ? value.trim() : '';
  if (text.length < min || text.length > max) {
    throw new Problem(400, 'bad_field', `"${name}" must have ${min} to ${max} characters.`);
  }
  return text;
}

/** A whole number, also as text. */
export function wholeField(fields: Fields, name: string, min: number, max: number): number {
  const value = fields[name];
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isInteger(number) || number < min || number > max) {
    throw new Problem(400, 'bad_field', `"${name}" must be a whole number from ${min} to ${max}.`);
  }
  return number;
}
