import { inspect } from 'node:util';
import type { ConfigPath } from './finding.ts';

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

/** A secret as configured, and why it must not be used, if so. */
export interface ConfiguredSecret {
  secret: Secret;
  broken: string | null;
}

/** Follows `file:` references, finds placeholders and missing variables, and reports what is wrong with the value at `path`. */
export type SecretReader = (text: string, path: ConfigPath) => ConfiguredSecret;

const PLACEHOLDER = /\byour[/_-]|\bchange[_-]?me\b|\breplace[_-]?me\b|\bx{4,}\b|<[a-z][^>]*>/i;

/** Whether the text is what documentation puts where a secret belongs: `YOUR/SLACK/WEBHOOK`, `changeme`, `<token>`. */
export function isPlaceholder(text: string): boolean {
  return PLACEHOLDER.test(text);
}

const REFERENCE = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/;

/** The first `${NAME}` that is still in the text after the environment was filled in: a variable that is not set. */
export function missingVariable(text: string): string | undefined {
  return REFERENCE.exec(text)?.[1];
}
