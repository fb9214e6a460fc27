import { createHmac, randomBytes } from 'node:crypto';
import { MAX_RECORD } from './fit-record.ts';
import { KeyRules, type RedactionOptions, type Treatment } from './key-rules.ts';
import { escapeText, quote } from './quote.ts';
import { isCardNumber, REDACTED } from './secrets.ts';

const MAX_DEPTH = 8;
const MAX_KEYS = 200;
/** Characters of values from which on no more are looked at; a record that is too large in bytes is shortened when it is whole. */
const MAX_LOOK = MAX_RECORD;
/** Keys whose rule is remembered; beyond it, as with generated keys, the rule is worked out each time. */
const MAX_PLANS = 4096;

/** Characters of a key. */
const MAX_KEY = 256;

const NO_KEYS: ReadonlySet<string> = new Set();

/** How a key is written. */
interface KeyPlan {
  key: string;
  /**
   * The text up to the value, by what stands before: nothing, a value, or a text without its closing quote. The second three are for
   * values that are texts, with their opening quote. Few, long pieces make a line that is cheap to put together.
   */
  leads: readonly [string, string, string, string, string, string];
  treatment: Treatment;
  /** The plan of the key that came next last time: objects of one place have the same keys in the same order. */
  follower: KeyPlan | undefined;
}

/** What stands before a pair; index into `KeyPlan.leads`. */
const AT_BEGIN = 0;
const AFTER_VALUE = 1;
const AFTER_TEXT = 2;
/** Added to the index when the value is a text. */
const LEADS_OF_TEXTS = 3;

/** Kinds of values; what stands before the next pair is one more. */
const OTHER = 0;
const TEXT = 1;

function kindOf(value: unknown, plan: KeyPlan): number {
  return typeof value === 'string' && plan.treatment === 'keep' ? TEXT : OTHER;
}

/** What separates a mark from what stands before it. */
const BEFORE_MARK = ['', ',', '",'];

function planOf(key: string, treatment: Treatment): KeyPlan {
  const name = `${JSON.stringify(key.length > MAX_KEY ? `${key.slice(0, MAX_KEY)}…` : key)}:`;
  const leads = [name, `,${name}`, `",${name}`, `${name}"`, `,${name}"`, `",${name}"`] as const;
  return { key, leads, treatment, follower: undefined };
}

/** The name under which a key is written: `ctx.<key>` where the record already has it. */
function nameOf(key: string, taken: ReadonlySet<string>): string {
  return taken !== NO_KEYS && taken.has(key) ? `ctx.${key}` : key;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function readCarefully(source: object, key: string): unknown {
  try {
    return (source as Record<string, unknown>)[key];
  } catch (error) {
    return `[unreadable: ${describe(error)}]`;
  }
}

/** Completes the pairs that were written, with a mark for keys beyond the limit. */
function finished(out: string, state: number, left: number): string {
  if (left > 0) {
    return `${out}${BEFORE_MARK[state]}"…":"${left} more keys"`;
  }
  return state === AFTER_TEXT ? `${out}"` : out;
}

interface ToJson {
  toJSON(key?: string): unknown;
}

const hasToJson = (value: object): value is ToJson => typeof (value as Partial<ToJson>).toJSON === 'function';

/** A text for anything that was thrown or passed as a message; never throws. */
export function describe(thing: unknown): string {
  try {
    return thing instanceof Error ? thing.message : String(thing);
  } catch {
    return 'unknown';
  }
}

/**
 * Writes values as JSON in one pass that redacts on its way, never changes what it reads and never throws: not for cycles,
 * BigInts, throwing getters, proxies, or objects without end. Depth, keys, text and record sizes are capped; each cut is marked.
 */
export class RecordWriter {
  readonly #rules: KeyRules;
  readonly #hashKey: string | Uint8Array;
  readonly #plans = new Map<string, KeyPlan>();
  readonly #start = planOf('', 'keep');
  readonly #kept = new WeakMap<readonly string[], boolean>();
  readonly #ancestors: object[] = [];
  #size = 0;
  #careful = false;

  constructor(options: RedactionOptions = {}) {
    this.#rules = new KeyRules(options);
    this.#hashKey = options.hashKey ?? randomBytes(32);
  }

  /**
   * The own properties of `source` as `,"key":value` pairs, to be put into an open JSON object.
   * @param taken keys that the record already has: they are written as `ctx.<key>`
   */
  fields(source: object, taken: ReadonlySet<string> = NO_KEYS): string {
    this.#size = 0;
    this.#careful = false;
    try {
      return this.#pairs(source, taken, '');
    } catch {
      return this.#fieldsCarefully(source, taken);
    } finally {
      this.#ancestors.length = 0;
    }
  }

  /** Whether the rules leave values under these keys as they are. @param keys a list that stays the same */
  keeps(keys: readonly string[]): boolean {
    const known = this.#kept.get(keys);
    if (known !== undefined) {
      return known;
    }
    const kept = keys.every((key) => this.#rules.treatmentOf(key) === 'keep');
    this.#kept.set(keys, kept);
    return kept;
  }

  #fieldsCarefully(source: object, taken: ReadonlySet<string>): string {
    this.#size = 0;
    this.#careful = true;
    this.#ancestors.length = 0;
    try {
      return this.#pairs(source, taken, '');
    } catch (error) {
      return `,"unreadable":${quote(describe(error))}`;
    }
  }

  /** @param begin `{` to write an object that is still open at its end, nothing to go on in a record where every pair has its comma */
  #pairs(source: object, taken: ReadonlySet<string>, begin: '{' | ''): string {
    const inherits = !isPlain(source);
    let out: string = begin;
    let state = begin === '' ? AFTER_VALUE : AT_BEGIN;
    let plan = this.#start;
    let count = 0;
    this.#ancestors.push(source);
    // With `for in` the engine reads the properties of a plain object without looking each of them up.
    for (const key in source) {
      if ((inherits && !Object.hasOwn(source, key)) || ++count > MAX_KEYS) {
        continue;
      }
      const value = this.#careful ? readCarefully(source, key) : (source as Record<string, unknown>)[key];
      plan = this.#planAfter(plan, nameOf(key, taken));
      if (value === undefined || plan.treatment === 'remove') {
        continue;
      }
      const kind = kindOf(value, plan);
      out += plan.leads[state + LEADS_OF_TEXTS * kind] as string;
      out += kind === TEXT ? this.#text(value as string) : this.#treated(value, plan.treatment);
      state = kind + 1;
      if (this.#size > MAX_LOOK) {
        return `${out}${BEFORE_MARK[state]}"truncated":true`;
      }
    }
    return finished(out, state, count - MAX_KEYS);
  }

  #text(value: string): string {
    const text = escapeText(value);
    this.#size += text.length;
    return text;
  }

  #planAfter(before: KeyPlan, key: string): KeyPlan {
    const { follower } = before;
    if (follower !== undefined && follower.key === key) {
      return follower;
    }
    const plan = this.#plans.get(key) ?? this.#newPlan(key);
    before.follower = plan;
    return plan;
  }

  #newPlan(key: string): KeyPlan {
    const plan = planOf(key, this.#rules.treatmentOf(key.slice(0, MAX_KEY)));
    if (this.#plans.size < MAX_PLANS) {
      this.#plans.set(key, plan);
    }
    return plan;
  }

  #treated(value: unknown, treatment: Treatment): string {
    if (treatment === 'keep') {
      return this.#value(value);
    }
    if (value === null || typeof value === 'boolean') {
      return String(value);
    }
    if (treatment === 'hash') {
      if (typeof value === 'string' || typeof value === 'number') {
        return `"hash:${createHmac('sha256', this.#hashKey).update(String(value)).digest('hex').slice(0, 16)}"`;
      }
      return typeof value === 'object' ? this.#object(value) : `"${REDACTED}"`;
    }
    return `"${REDACTED}"`;
  }

  #value(value: unknown): string {
    switch (typeof value) {
      case 'string':
        return `"${this.#text(value)}"`;
      case 'number':
        this.#size += 8;
        if (value > 2e12 && isCardNumber(value)) {
          return `"${REDACTED}"`;
        }
        return Number.isFinite(value) ? `${value}` : 'null';
      case 'boolean':
        return value ? 'true' : 'false';
      case 'object':
        return value === null ? 'null' : this.#object(value);
      default:
        return this.#rare(value);
    }
  }

  #rare(value: unknown): string {
    const text = typeof value === 'function' ? `[function ${value.name}]` : String(value);
    this.#size += text.length;
    return value === undefined ? 'null' : quote(text);
  }

  #object(value: object): string {
    this.#size += 2;
    if (this.#ancestors.includes(value)) {
      return '"[circular]"';
    }
    if (this.#ancestors.length >= MAX_DEPTH) {
      return '"[too deep]"';
    }
    if (!this.#careful) {
      return this.#dispatch(value);
    }
    const depth = this.#ancestors.length;
    try {
      return this.#dispatch(value);
    } catch (error) {
      this.#ancestors.length = depth;
      return quote(`[unreadable: ${describe(error)}]`);
    }
  }

  #dispatch(value: object): string {
    if (Array.isArray(value)) {
      return this.#array(value);
    }
    if (isPlain(value)) {
      return hasToJson(value) ? this.#json(value) : this.#plain(value);
    }
    return this.#instance(value);
  }

  #instance(value: object): string {
    if (value instanceof Error) {
      return this.#error(value);
    }
    if (value instanceof Date) {
      return Number.isNaN(value.getTime()) ? '"Invalid Date"' : `"${value.toISOString()}"`;
    }
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
      return `"[${value.constructor.name} of ${value.byteLength} bytes]"`;
    }
    if (value instanceof Map || (typeof Headers === 'function' && value instanceof Headers)) {
      return this.#plain(
        Object.fromEntries([...value.entries()].slice(0, MAX_KEYS + 1).map(([k, v]) => [describe(k), v])),
      );
    }
    if (value instanceof Set) {
      return this.#array([...value]);
    }
    if (value instanceof RegExp || value instanceof String || value instanceof Number || value instanceof Boolean) {
      return this.#value(value instanceof RegExp ? String(value) : value.valueOf());
    }
    return hasToJson(value) ? this.#json(value) : this.#plain(value);
  }

  #json(value: ToJson): string {
    this.#ancestors.push(value);
    const written = this.#value(value.toJSON());
    this.#ancestors.pop();
    return written;
  }

  #plain(value: object): string {
    const pairs = this.#pairs(value, NO_KEYS, '{');
    this.#ancestors.pop();
    return `${pairs}}`;
  }

  #array(items: readonly unknown[]): string {
    this.#ancestors.push(items);
    const count = Math.min(items.length, MAX_KEYS);
    let out = '[';
    for (let i = 0; i < count && this.#size <= MAX_LOOK; i++) {
      this.#size += 1;
      out += (i === 0 ? '' : ',') + this.#value(items[i]);
    }
    this.#ancestors.pop();
    return items.length > count ? `${out},"… ${items.length - count} more"]` : `${out}]`;
  }

  #error(error: Error): string {
    const { name, message, stack, cause } = error;
    const own: Record<string, unknown> = { name, message, stack };
    if (cause !== undefined) {
      own['cause'] = cause;
    }
    if (error instanceof AggregateError) {
      own['errors'] = error.errors;
    }
    this.#ancestors.push(error);
    const written = this.#plain(Object.assign(own, { ...error, name, message, stack }));
    this.#ancestors.pop();
    return written;
  }
}
