import { ByteWriter } from './byte-writer.ts';
import { decodeText, rawText, textOf } from './readers.ts';
import { FLAG, KIND, Scanner } from './scanner.ts';
import { REDACTED, scrubText, scrubValue } from './scrub.ts';
import { wellFormed, wellFormedJson } from './well-formed.ts';

/** Levels of nesting that become dotted keys; what lies deeper is kept as JSON text. */
const MAX_DOTS = 8;

/** Attributes of one record; what comes after is kept as JSON text under `_more`, and not lost. */
const MAX_ATTRIBUTES = 256;

/**
 * Collects what a record has beyond its columns as one flat JSON object of texts: nested keys joined by dots, numbers
 * and booleans written out, arrays as JSON text, nulls left out, secrets redacted. Reused.
 */
export class Attributes {
  readonly #out = new ByteWriter();
  readonly #inner: Scanner[] = [];
  readonly #scanner: Scanner;
  count = 0;

  constructor(scanner: Scanner) {
    this.#scanner = scanner;
  }

  clear(): void {
    this.#out.reset();
    this.count = 0;
  }

  /** `"key":"text",…` without braces, valid until the next change. */
  view(): Buffer {
    return this.#out.view();
  }

  /** Adds a text of the platform's own. */
  addText(name: string, text: string): void {
    this.#separate();
    this.#out.text(`${JSON.stringify(name)}:${JSON.stringify(wellFormed(scrubText(text)))}`);
  }

  /** Adds a member of the record under its own key. */
  addMember(member: number): void {
    this.#add(this.#scanner, member, '', 0);
  }

  /** Adds what is inside an object member, without the member's key. Any other value is added under its key. */
  addInner(member: number): void {
    if (this.#scanner.kind[member] === KIND.object) this.#addObject(this.#scanner, member, '', 0);
    else this.addMember(member);
  }

  #add(scanner: Scanner, member: number, prefix: string, depth: number): void {
    const kind = scanner.kind[member];
    if (kind === KIND.null) return;
    const secret = scanner.keys.isSecret(scanner.key[member] as number);
    if (kind === KIND.object && !secret) {
      const path = `${prefix}${scanner.keys.name(scanner.key[member] as number)}.`;
      if (depth < MAX_DOTS && this.count < MAX_ATTRIBUTES) this.#addObject(scanner, member, path, depth + 1);
      else this.#addTree(scanner, member, prefix);
      return;
    }
    if (kind === KIND.array && !secret) {
      this.#addTree(scanner, member, prefix);
      return;
    }
    this.#key(scanner, member, prefix);
    if (secret) this.#out.ascii(`"${REDACTED}"`);
    else this.#leaf(scanner, member);
  }

  #addObject(scanner: Scanner, member: number, prefix: string, depth: number): void {
    this.#inner[depth] ??= new Scanner(scanner.keys);
    const inner = this.#inner[depth] as Scanner;
    inner.scan(scanner.bytes, scanner.valueStart[member] as number, scanner.valueEnd[member] as number);
    for (let i = 0; i < inner.count; i += 1) this.#add(inner, i, prefix, depth);
  }

  #addTree(scanner: Scanner, member: number, prefix: string): void {
    this.#key(scanner, member, prefix);
    const value = scrubValue(JSON.parse(rawText(scanner, member)));
    this.#out.text(JSON.stringify(JSON.stringify(value)));
  }

  #key(scanner: Scanner, member: number, prefix: string): void {
    this.#separate();
    if (prefix === '') {
      const start = scanner.keyStart[member] as number;
      const end = scanner.keyEnd[member] as number;
      if (isPlainKey(scanner.bytes, start, end)) {
        this.#out.copy(scanner.bytes, start - 1, end + 1);
        this.#out.byte(58);
        return;
      }
    }
    const name = `${prefix}${scanner.keys.name(scanner.key[member] as number)}`;
    this.#out.text(`${wellFormedJson(name)}:`);
  }

  #leaf(scanner: Scanner, member: number): void {
    const start = scanner.valueStart[member] as number;
    const end = scanner.valueEnd[member] as number;
    const flags = scanner.flags[member] as number;
    if (scanner.kind[member] !== KIND.string) {
      if ((flags & FLAG.suspicious) !== 0) {
        this.#out.text(JSON.stringify(scrubText(textOf(scanner.bytes, start, end))));
        return;
      }
      this.#out.byte(34);
      this.#out.copy(scanner.bytes, start, end);
      this.#out.byte(34);
      return;
    }
    if ((flags & (FLAG.suspicious | FLAG.loneSurrogate)) !== 0) {
      const text = decodeText(scanner, member);
      const clean = wellFormed(scrubText(text));
      if (clean !== text) {
        this.#out.text(JSON.stringify(clean));
        return;
      }
    }
    this.#out.copy(scanner.bytes, start, end);
  }

  #separate(): void {
    if (this.count > 0) this.#out.byte(44);
    this.count += 1;
  }
}

function isPlainKey(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i += 1) {
    if (bytes[i] === 92) return false;
  }
  return true;
}
