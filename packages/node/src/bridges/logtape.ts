import type { Level } from '@yumops/protocol';
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

/** Objects are left to the fields, where what is secret in them is found by its key. */
function textOf(value: unknown): string {
  if (isThing(value)) {
    return value instanceof Error ? value.message : '{…}';
  }
  return String(value);
}

function take({ category, level, message, rawMessage, timestamp, properties }: LogTapeRecord): void {
  const things = message.filter((_, at) => at % 2 === 1).filter(isThing);
  const unnamed = typeof rawMessage === 'string' || things.length === 0 ? {} : { args: things };
  pipeline().telemetry.foreign(
    level === 'warning' ? 'warn' : LEVELS.has(level) ? (level as Level) : 'info',
    timestamp,
    message.map(textOf).join(''),
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
