import { isUtf8 } from 'node:buffer';
import type { Refused } from '../record/readers.ts';

/** Longest header of an envelope or an item, bytes. Real ones have some hundred. */
export const MAX_HEADER_BYTES = 64 * 1024;

/** Items of one envelope. */
const MAX_ITEMS = 1_000;

export interface EnvelopeItem {
  type: string;
  header: Readonly<Record<string, unknown>>;
  /** A view of the body. */
  payload: Uint8Array;
}

export interface Envelope {
  header: Readonly<Record<string, unknown>>;
  items: EnvelopeItem[];
}

/**
 * Takes an envelope apart, as the published format says: a header line, then for each item a header line and a payload.
 * A payload with a `length` has that many bytes, which may hold newlines; one without ends at the next newline or at
 * the end of the body. Lines may end with CR LF, the last line needs no end, empty lines between items mean nothing.
 */
export function readEnvelope(body: Uint8Array): Envelope | Refused {
  const reader = new EnvelopeReader(body);
  const header = reader.header('envelope');
  if (isRefused(header)) return header;
  const items: EnvelopeItem[] = [];
  for (reader.skipBlank(); !reader.atEnd(); reader.skipBlank()) {
    if (items.length === MAX_ITEMS) {
      return { code: 'envelope_too_many_items', message: `An envelope may have at most ${MAX_ITEMS} items.` };
    }
    const itemHeader = reader.header('item');
    if (isRefused(itemHeader)) return itemHeader;
    const payload = reader.payload(itemHeader['length']);
    if (!(payload instanceof Uint8Array)) return payload;
    items.push({ type: typeof itemHeader['type'] === 'string' ? itemHeader['type'] : '', header: itemHeader, payload });
  }
  return { header, items };
}

export function isRefused(value: object): value is Refused {
  return typeof (value as { code?: unknown }).code === 'string' && typeof (value as Refused).message === 'string';
}

const NEWLINE = 10;
const RETURN = 13;

class EnvelopeReader {
  readonly #body: Uint8Array;
  #at = 0;

  constructor(body: Uint8Array) {
    this.#body = body;
  }

  atEnd(): boolean {
    return this.#at >= this.#body.length;
  }

  skipBlank(): void {
    while (!this.atEnd()) {
      const byte = this.#body[this.#at];
      if (byte !== NEWLINE && byte !== RETURN) return;
      this.#at += 1;
    }
  }

  header(of: 'envelope' | 'item'): Record<string, unknown> | Refused {
    const newline = this.#body.indexOf(NEWLINE, this.#at);
    const end = newline === -1 ? this.#body.length : newline;
    if (end - this.#at > MAX_HEADER_BYTES) {
      const message = `The ${of} header is longer than ${MAX_HEADER_BYTES / 1_024} KiB.`;
      return { code: 'envelope_header_too_large', message };
    }
    const value = parseJson(this.#body.subarray(this.#at, end));
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return { code: 'invalid_envelope', message: `The ${of} header at byte ${this.#at} is not a JSON object.` };
    }
    this.#at = end + 1;
    return value as Record<string, unknown>;
  }

  payload(length: unknown): Uint8Array | Refused {
    const start = this.#at;
    if (length === undefined || length === null) {
      const newline = this.#body.indexOf(NEWLINE, start);
      const end = newline === -1 ? this.#body.length : newline;
      this.#at = end + 1;
      return this.#body.subarray(Math.min(start, end), end);
    }
    if (typeof length !== 'number' || !Number.isInteger(length) || length < 0) {
      return {
        code: 'invalid_item_length',
        message: `The item at byte ${start} has a length that is no whole number.`,
      };
    }
    const end = start + length;
    if (end > this.#body.length) {
      const have = Math.max(0, this.#body.length - start);
      const message = `The item at byte ${start} says it has ${length} bytes; ${have} are there.`;
      return { code: 'invalid_item_length', message };
    }
    const after = this.#body[end];
    if (end < this.#body.length && after !== NEWLINE && !(after === RETURN && this.#body[end + 1] === NEWLINE)) {
      const message = `The item at byte ${start} goes on behind its length of ${length} bytes.`;
      return { code: 'invalid_item_length', message };
    }
    this.#at = end + (after === RETURN ? 2 : 1);
    return this.#body.subarray(start, end);
  }
}

/** The JSON value of bytes; undefined when they are none. Bytes that are no UTF-8 stand as U+FFFD. */
export function parseJson(bytes: Uint8Array): unknown {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  try {
    return JSON.parse(isUtf8(buffer) ? buffer.toString('utf8').replace(/^\uFEFF/, '') : buffer.toString('utf8'));
  } catch {
    return undefined;
  }
}
