import { MAX_FUTURE, MAX_PAST } from '@yumops/protocol';
import { isObject, type Json, objectOf } from '../record/json-value.ts';
import { scrubString } from '../record/scrub-tree.ts';

const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const snakeNames = new Map<string, string>();

/** A member by its name in lowerCamelCase; exporters that write snake_case are understood too. */
export function member(object: Json, name: string): unknown {
  const value = object[name];
  if (value !== undefined) return value;
  let other = snakeNames.get(name);
  if (other === undefined) {
    other = snake(name);
    snakeNames.set(name, other);
  }
  return object[other];
}

/** A list member; anything else is an empty list. */
export function listOf(object: Json, name: string): readonly Json[] {
  const value = member(object, name);
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** What an AnyValue holds; whole numbers that are too large for a double stay text. */
export function anyValue(given: unknown, depth = 0): unknown {
  const value = objectOf(given);
  if (depth > 20) return null;
  const text = member(value, 'stringValue');
  if (typeof text === 'string') return text;
  const bool = member(value, 'boolValue');
  if (typeof bool === 'boolean') return bool;
  const int = member(value, 'intValue');
  if (typeof int === 'number') return int;
  if (typeof int === 'string' && /^-?\d{1,20}$/.test(int)) {
    return Number.isSafeInteger(Number(int)) ? Number(int) : int;
  }
  const double = member(value, 'doubleValue');
  if (typeof double === 'number' || typeof double === 'string') return double;
  return containerValue(value, depth);
}

function containerValue(value: Json, depth: number): unknown {
  const array = member(value, 'arrayValue');
  if (array !== undefined) return listOf(objectOf(array), 'values').map((inner) => anyValue(inner, depth + 1));
  const pairs = member(value, 'kvlistValue');
  if (pairs !== undefined) return attributesOf(objectOf(pairs), 'values', depth + 1);
  const bytes = member(value, 'bytesValue');
  if (bytes instanceof Uint8Array) return Buffer.from(bytes).toString('base64');
  return typeof bytes === 'string' ? bytes : null;
}

/** A list of keys and values as an object; nulls are left out. */
export function attributesOf(object: Json, name = 'attributes', depth = 0): Record<string, unknown> {
  const attributes: Record<string, unknown> = {};
  for (const pair of listOf(object, name)) {
    const key = pair['key'];
    const value = anyValue(pair['value'], depth);
    if (typeof key === 'string' && key !== '' && value !== null) attributes[key] = value;
  }
  return attributes;
}

/** Milliseconds since the epoch with their fraction, from nanoseconds as text or number; null when there are none. */
export function readNanos(value: unknown): number | null {
  const text = typeof value === 'number' ? value.toFixed(0) : value;
  if (typeof text !== 'string' || !/^\d{1,20}$/.test(text) || /^0+$/.test(text)) return null;
  const millis = text.length > 6 ? Number(text.slice(0, -6)) : 0;
  return millis + Number(text.slice(-6)) / 1e6;
}

/** A time that is believed, in whole milliseconds; one that is not, or is not given, is the arrival. */
export function believed(millis: number | null, now: number): { at: number; original: number | null } {
  if (millis === null) return { at: now, original: null };
  const at = Math.floor(millis);
  return at < now - MAX_PAST || at > now + MAX_FUTURE ? { at: now, original: at } : { at, original: null };
}

/**
 * An id in hex from bytes, hex, or Base64 of the right length.
 * @returns null when there is none (empty, or only zeros), undefined when it is not an id
 */
export function readId(value: unknown, bytes: 8 | 16): string | null | undefined {
  if (value === undefined || value === null || value === '') return null;
  const hex = value instanceof Uint8Array ? Buffer.from(value).toString('hex') : hexOf(value, bytes);
  if (hex === '') return null;
  if (hex === undefined || hex.length !== bytes * 2) return undefined;
  return /^0+$/.test(hex) ? null : hex;
}

function hexOf(value: unknown, bytes: number): string | undefined {
  if (typeof value !== 'string') return undefined;
  if (value.length === bytes * 2 && /^[0-9a-f]+$/i.test(value)) return value.toLowerCase();
  const packed = /^[A-Za-z0-9+/]+={0,2}$/.test(value) ? Buffer.from(value, 'base64') : undefined;
  return packed?.length === bytes ? packed.toString('hex') : undefined;
}

/** A value of an enumeration by number or name. @param names by number */
export function readEnum(value: unknown, names: readonly string[], prefix: string): string | null {
  if (typeof value === 'number') return names[value] || null;
  if (typeof value !== 'string') return null;
  const word = value.replace(prefix, '').toLowerCase();
  return names.includes(word) && word !== '' ? word : null;
}

/** Columns that every relation has, from the attributes of a resource; they are taken out of it. */
export function originOf(resource: Record<string, unknown>): { service: string; environment: string; release: string } {
  const take = (...names: string[]) => {
    const found = names.map((name) => resource[name]).find((value) => typeof value === 'string' && value !== '');
    for (const name of names) delete resource[name];
    return typeof found === 'string' ? scrubString(found.slice(0, 250)) : '';
  };
  return {
    service: take('service.name'),
    environment: take('deployment.environment.name', 'deployment.environment'),
    release: take('service.version'),
  };
}
