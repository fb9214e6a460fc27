import { isSecretName } from './secret-names.ts';

interface KnownKey {
  bytes: Uint8Array;
  hash: number;
  /** Number of the field, or -1 for a key of the sender's own. */
  field: number;
  /** The key can stand in JSON as its bytes are. */
  plain: boolean;
  secret: boolean;
  name: string;
}

const SLOTS = 4_096;

/** Keys remembered at most; a sender with ever new keys makes the table start afresh. */
const LIMIT = 8_192;

/**
 * Recognises keys by their bytes, so that a key which comes in every line is decoded and judged once.
 */
export class KeyTable {
  readonly #fields: ReadonlyMap<string, number>;
  #slots = new Int32Array(SLOTS).fill(-1);
  #keys: KnownKey[] = [];

  /** @param fields names that mean something to the platform; a field's number is its place */
  constructor(fields: readonly string[]) {
    this.#fields = new Map(fields.map((name, number) => [name, number]));
  }

  /** The key's number. @param escaped the key may have escape sequences */
  find(bytes: Uint8Array, start: number, end: number, escaped: boolean): number {
    let hash = end - start;
    for (let i = start; i < end; i += 1) hash = (Math.imul(hash, 31) + (bytes[i] as number)) | 0;
    const mask = this.#slots.length - 1;
    let slot = (hash ^ (hash >>> 15)) & mask;
    for (;;) {
      const index = this.#slots[slot] as number;
      if (index === -1) return this.#add(slot, hash, bytes, start, end, escaped);
      if (sameBytes((this.#keys[index] as KnownKey).bytes, bytes, start, end)) return index;
      slot = (slot + 1) & mask;
    }
  }

  /** Forgets the keys when there are too many. Numbers given before are void; call it between records only. */
  trim(): void {
    if (this.#keys.length < LIMIT) return;
    this.#slots = new Int32Array(SLOTS).fill(-1);
    this.#keys = [];
  }

  /** Number of the field that the key names; -1 when it names none. */
  field(index: number): number {
    return (this.#keys[index] as KnownKey).field;
  }

  name(index: number): string {
    return (this.#keys[index] as KnownKey).name;
  }

  /** The key's bytes, when they can stand between quotes in JSON as they are. */
  plainBytes(index: number): Uint8Array | undefined {
    const { plain, bytes } = this.#keys[index] as KnownKey;
    return plain ? bytes : undefined;
  }

  isSecret(index: number): boolean {
    return (this.#keys[index] as KnownKey).secret;
  }

  #add(slot: number, hash: number, bytes: Uint8Array, start: number, end: number, escaped: boolean): number {
    const own = bytes.slice(start, end);
    const text = Buffer.from(own).toString('utf8');
    const name = escaped ? (JSON.parse(`"${text}"`) as string) : text;
    const index = this.#keys.length;
    const field = this.#fields.get(name) ?? -1;
    this.#keys.push({ bytes: own, hash, field, plain: !text.includes('\\'), secret: isSecretName(name), name });
    this.#slots[slot] = index;
    if (this.#keys.length * 2 > this.#slots.length) this.#grow();
    return index;
  }

  #grow(): void {
    const slots = new Int32Array(this.#slots.length * 2).fill(-1);
    const mask = slots.length - 1;
    this.#keys.forEach(({ hash }, index) => {
      let slot = (hash ^ (hash >>> 15)) & mask;
      while (slots[slot] !== -1) slot = (slot + 1) & mask;
      slots[slot] = index;
    });
    this.#slots = slots;
  }
}

function sameBytes(key: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (key.length !== end - start) return false;
  for (let i = 0; i < key.length; i += 1) {
    if (key[i] !== bytes[start + i]) return false;
  }
  return true;
}
