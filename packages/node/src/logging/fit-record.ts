/** Most bytes of one record with its line feed. */
export const MAX_RECORD = 64 * 1024;
/** As long as a record has no more UTF-16 units, it cannot have more bytes than {@link MAX_RECORD}. */
export const SURE_RECORD = Math.floor(MAX_RECORD / 3);

/** Bytes that a mark, and what closes the values around it, may take. */
const FOR_MARKS = 64;
const MAX_MESSAGE = 16 * 1024;

/** The longest beginning of a text within `most` bytes of UTF-8. */
export function beginningOf(text: string, most: number): string {
  const bytes = Buffer.from(text.slice(0, most));
  let end = Math.min(bytes.length, most);
  // A byte of the form 10xxxxxx goes on with a character.
  while (end > 0 && end < bytes.length && ((bytes[end] as number) & 0xc0) === 0x80) {
    end -= 1;
  }
  return bytes.toString('utf8', 0, end);
}

/** A text as JSON within `most` bytes, what is cut is marked. Escaping may make six bytes of one. */
function fitText(text: string, most: number): string {
  const whole = JSON.stringify(text);
  if (Buffer.byteLength(whole) <= most) {
    return whole;
  }
  let kept = beginningOf(text, Math.max(0, most - FOR_MARKS));
  for (;;) {
    const written = JSON.stringify(`${kept}…[${text.length - kept.length} more characters]`);
    if (kept === '' || Buffer.byteLength(written) <= most) {
      return written;
    }
    kept = kept.slice(0, Math.floor(kept.length / 2));
  }
}

/** Writes values until its bytes are used up. */
class Fitting {
  #left: number;

  constructor(most: number) {
    this.#left = most - FOR_MARKS;
  }

  pairs(fields: object): string {
    const out: string[] = [];
    for (const [key, value] of Object.entries(fields)) {
      const name = `${JSON.stringify(key)}:`;
      this.#left -= Buffer.byteLength(name) + 1;
      if (this.#left < FOR_MARKS) {
        out.push('"truncated":true');
        break;
      }
      out.push(name + this.#value(value));
    }
    return out.join(',');
  }

  #value(value: unknown): string {
    if (Array.isArray(value)) {
      return this.#items(value);
    }
    if (typeof value === 'object' && value !== null) {
      this.#left -= FOR_MARKS;
      const written = `{${this.pairs(value)}}`;
      this.#left += FOR_MARKS - 2;
      return written;
    }
    const written = typeof value === 'string' ? fitText(value, this.#left) : JSON.stringify(value);
    this.#left -= Buffer.byteLength(written);
    return written;
  }

  #items(items: readonly unknown[]): string {
    const out: string[] = [];
    this.#left -= FOR_MARKS;
    for (const [at, item] of items.entries()) {
      if (this.#left < FOR_MARKS) {
        out.push(`"… ${items.length - at} more"`);
        break;
      }
      this.#left -= 1;
      out.push(this.#value(item));
    }
    this.#left += FOR_MARKS - 2;
    return `[${out.join(',')}]`;
  }
}

/**
 * Shortens a record that is too large, from its end on; what is cut is marked.
 * @param message as JSON
 * @param fields as `,"key":value` pairs
 * @param rest bytes of what stands around both
 */
export function fitRecord(message: string, fields: string, rest: number): { message: string; fields: string } {
  const kept = fitText(JSON.parse(message) as string, MAX_MESSAGE + FOR_MARKS);
  const room = MAX_RECORD - rest - Buffer.byteLength(kept) - 1;
  const pairs = fields === '' ? '' : `,${new Fitting(room).pairs(JSON.parse(`{${fields.slice(1)}}`) as object)}`;
  return { message: kept, fields: pairs };
}
