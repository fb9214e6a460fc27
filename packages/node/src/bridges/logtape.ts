import type { Level } from '@yumops/protocol';
import { isError } from '../logging/error-test.ts';
import { pipeline } from '../runtime/pipeline.ts';

/** What LogTape hands to its sinks. */
export interface LogTapeRecord {
  category: readonly string[];
  level: string;
  /** Texts and the values between them, by turns. */
  message: readonly unknown[];
  rawMessage: string | TemplateStringsArray;
  timestamp: number;
  properties: Readonly<Record<string, unknown>>;
}

export type LogTapeSink = ((record: LogTapeRecord) => void) & AsyncDisposable;

/** Time to deliver what waits when LogTape is disposed of, milliseconds. */
const LIMIT = 3_000;
const LEVELS: ReadonlySet<string> = new Set(['trace', 'debug', 'info', 'error', 'fatal']);

const isThing = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** A name in braces; two braces stand for one. */
const PLACEHOLDER = /\{\{|\{([^{}]*)\}/g;

/** Which of the values between the texts are named by something secret: those of a template have the names of its places. */
function secretsIn(rawMessage: string | TemplateStringsArray): boolean[] {
  if (typeof rawMessage !== 'string') {
    return [];
  }
  const names = [...rawMessage.matchAll(PLACEHOLDER)].flatMap(([, name]) => (name === undefined ? [] : [name]));
  return names.map((name) => !pipeline().telemetry.keeps(name.split(/[^\w-]+/)));
}

/** Objects are left to the fields, where what is secret in them is found by its key. */
function textOf(value: unknown): string {
  if (isThing(value)) {
    return isError(value) ? value.message : '{…}';
  }
  return String(value);
}

function take({ category, level, message, rawMessage, timestamp, properties }: LogTapeRecord): void {
  const secret = secretsIn(rawMessage);
  const things = message.filter((_, at) => at % 2 === 1).filter(isThing);
  const unnamed = typeof rawMessage === 'string' || things.length === 0 ? {} : { args: things };
  pipeline().telemetry.foreign(
    level === 'warning' ? 'warn' : LEVELS.has(level) ? (level as Level) : 'info',
    timestamp,
    message.map((part, at) => (at % 2 === 1 && secret[(at - 1) / 2] ? '[redacted]' : textOf(part))).join(''),
    { ...properties, ...unnamed, ...(category.length > 0 ? { category: category.join('.') } : {}) },
  );
}

/**
 * A sink for LogTape: `configure({ sinks: { yumops: logTapeSink() }, … })`. Records carry the request and the trace in which they are written, and
 * the category with dots.
 */
export function logTapeSink(): LogTapeSink {
  const sink = (record: LogTapeRecord) => {
    try {
      take(record);
    } catch {
      // Nothing that is logged may break the application.
    }
  };
  return Object.assign(sink, {
    [Symbol.asyncDispose]: async () => {
      await pipeline().flush(LIMIT);
    },
  });
}
