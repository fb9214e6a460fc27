import { ByteWriter } from './byte-writer.ts';
import { decodeText, rawText, textOf } from './readers.ts';
import { FLAG, KIND, Scanner } from './scanner.ts';
import { REDACTED } from './scrub.ts';
import { scrubString, scrubTree } from './scrub-tree.ts';
import { wellFormedJson } from './well-formed.ts';

const QUOTE = 34;
const COMMA = 44;
const DOT = 46;
const COLON = 58;

/** Levels of nesting that become dotted keys; what lies deeper is kept as JSON text. */
const MAX_DOTS = 8;

/** Attributes of one record from which nested objects are kept as JSON text. */
const MAX_ATTRIBUTES = 256;

/** Keys of what somebody signs in with. */
const ACCOUNT_KEYS: ReadonlySet<string> = new Set(['account', 'email', 'username', 'login', 'phone']);

/**
 * Collects what a record has beyond its columns as one flat JSON object of texts: nested keys joined by dots, numbers
 * and booleans written out, arrays as JSON text, nulls left out, secrets redacted. Reused.
 */
export class Attributes {
  readonly #out = new ByteWriter();
  /** Keys of the objects around the value at hand, each with a dot behind. */
  readonly #prefix = new ByteWriter(256);
  readonly #inner: Scanner[] = [];
  readonly #scanner: Scanner;
  count = 0;
  /** Replaces accounts while it is set, as in security events. */
  pseudonym: ((account: string) => string) | null = null;

  constructor(scanner: Scanner) {
    this.#scanner = scanner;
  }

  clear(): void {
    this.#out.reset();
    this.#prefix.reset();
    this.count = 0;
  }

  /** `"key":"text",…` without braces, valid until the next change. */
  view(): Buffer {
    return this.#out.view();
  }

  /** Adds a text of the platform's own. */
  addText(name: string, text: string): void {
    this.#separate();
    this.#out.text(`${JSON.stringify(name)}:${JSON.stringify(scrubString(text))}`);
  }

  /** Adds a member of the record under its own key. */
  addMember(member: number): void {
    this.#add(this.#scanner, member, 0);
  }

  /** Adds what is inside an object member, without the member's key. Any other value is added under its key. */
  addInner(member: number): void {
    if (this.#scanner.kind[member] === KIND.object) this.#addObject(this.#scanner, member, 0);
    else this.addMember(member);
  }

  #add(scanner: Scanner, member: number, depth: number): void {
    const kind = scanner.kind[member];
    if (kind === KIND.null) return;
    const secret = scanner.keys.isSecret(scanner.key[member] as number);
    if (secret || (kind !== KIND.object && kind !== KIND.array)) {
      this.#key(scanner, member);
      if (secret) this.#out.ascii(`"${REDACTED}"`);
      else if (this.#isAccount(scanner, member)) this.#account(scanner, member);
      else this.#leaf(scanner, member);
    } else if (kind === KIND.object && depth < MAX_DOTS && this.count < MAX_ATTRIBUTES) {
      const { length } = this.#prefix;
      this.#writeName(scanner, member, this.#prefix);
      this.#prefix.byte(DOT);
      this.#addObject(scanner, member, depth + 1);
      this.#prefix.length = length;
    } else {
      this.#addTree(scanner, member);
    }
  }

  #addObject(scanner: Scanner, member: number, depth: number): void {
    this.#inner[depth] ??= new Scanner(scanner.keys);
    const inner = this.#inner[depth] as Scanner;
    inner.scan(scanner.bytes, scanner.valueStart[member] as number, scanner.valueEnd[member] as number);
    for (let i = 0; i < inner.count; i += 1) this.#add(inner, i, depth);
  }

  #addTree(scanner: Scanner, member: number): void {
    this.#key(scanner, member);
    const value = scrubTree(JSON.parse(rawText(scanner, member)));
    this.#out.text(JSON.stringify(JSON.stringify(value)));
  }

  #key(scanner: Scanner, member: number): void {
    this.#separate();
    this.#out.byte(QUOTE);
    const prefix = this.#prefix.view();
    this.#out.copy(prefix, 0, prefix.length);
    this.#writeName(scanner, member, this.#out);
    this.#out.byte(QUOTE);
    this.#out.byte(COLON);
  }

  /** Writes the member's key as it stands inside quotes. */
  #writeName(scanner: Scanner, member: number, out: ByteWriter): void {
    const key = scanner.key[member] as number;
    const plain = scanner.keys.plainBytes(key);
    if (plain) out.copy(plain, 0, plain.length);
    else out.text(wellFormedJson(scanner.keys.name(key)).slice(1, -1));
  }

  #isAccount(scanner: Scanner, member: number): boolean {
    return this.pseudonym !== null && ACCOUNT_KEYS.has(scanner.keys.name(scanner.key[member] as number));
  }

  #account(scanner: Scanner, member: number): void {
    const isText = scanner.kind[member] === KIND.string;
    const account = isText ? decodeText(scanner, member) : rawText(scanner, member);
    this.#out.text(JSON.stringify(this.pseudonym?.(account) ?? ''));
  }

  #leaf(scanner: Scanner, member: number): void {
    const start = scanner.valueStart[member] as number;
    const end = scanner.valueEnd[member] as number;
    const flags = scanner.flags[member] as number;
    if (scanner.kind[member] !== KIND.string) {
      if ((flags & FLAG.suspicious) !== 0) {
        this.#out.text(JSON.stringify(scrubString(textOf(scanner.bytes, start, end))));
        return;
      }
      this.#out.byte(QUOTE);
      this.#out.copy(scanner.bytes, start, end);
      this.#out.byte(QUOTE);
      return;
    }
    if ((flags & (FLAG.suspicious | FLAG.loneSurrogate)) !== 0) {
      const text = decodeText(scanner, member);
      const clean = scrubString(text);
      if (clean !== text) {
        this.#out.text(JSON.stringify(clean));
        return;
      }
    }
    this.#out.copy(scanner.bytes, start, end);
  }

  #separate(): void {
    if (this.count > 0) this.#out.byte(COMMA);
    this.count += 1;
  }
}
