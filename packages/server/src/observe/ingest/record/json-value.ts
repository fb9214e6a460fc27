/** A JSON object whose members nobody has looked at. */
export type Json = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object, or an empty one. */
export function objectOf(value: unknown): Record<string, unknown> {
  return isObject(value) ? value : {};
}

/** Text that is not empty; numbers and booleans are written out. */
export function textOf(value: unknown, most = 8_192): string | null {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'string' || value === '') return null;
  return value.length > most ? `${value.slice(0, most - 1)}…` : value;
}

export function numberOf(value: unknown): number | null {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value !== 'string' || value.trim() === '') return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}

/** A count: a whole number from 0, 0 for anything else. */
export function countOf(value: unknown): number {
  const number = numberOf(value);
  return number !== null && number > 0 ? Math.min(Math.floor(number), 4_294_967_295) : 0;
}

/** 32 hex digits in lower case from an id with or without dashes; null for anything else. */
export function hexId(value: unknown, digits = 32): string | null {
  if (typeof value !== 'string') return null;
  const plain = value.replaceAll('-', '').toLowerCase();
  return plain.length === digits && /^[0-9a-f]+$/.test(plain) ? plain : null;
}

/** A flat map of texts; nested values are JSON text, nulls are left out. @param most members at most */
export function textMap(value: unknown, most = 256): Record<string, string> {
  const map: Record<string, string> = {};
  let count = 0;
  for (const [key, inner] of Object.entries(objectOf(value))) {
    if (inner === null || inner === undefined) continue;
    map[key.slice(0, 256)] = typeof inner === 'object' ? JSON.stringify(inner) : (textOf(inner) ?? '');
    count += 1;
    if (count === most) break;
  }
  return map;
}
