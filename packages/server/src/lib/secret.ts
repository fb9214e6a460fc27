import { inspect } from 'node:util';

const MASK = '[secret]';

/**
 * A value that must never be printed: in a log line, in JSON, in a template string or in an inspector it reads
 * `[secret]`. Only `reveal()` gives the text, at the edge that needs it.
 */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  [inspect.custom](): string {
    return MASK;
  }
}
