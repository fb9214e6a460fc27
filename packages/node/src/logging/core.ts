import { LEVELS, type Level } from '@yumops/protocol';
import { DropCounter } from '../transport/drop-counter.ts';
import { fitRecord, MAX_RECORD, SURE_RECORD } from './fit-record.ts';
import type { RedactionOptions } from './key-rules.ts';
import { quote } from './quote.ts';
import { RateGuard, type SamplingOptions } from './rate-guard.ts';
import { describe, RecordWriter } from './record-writer.ts';
import { eachOf, type Sink } from './sink.ts';
import { isoTime } from './timestamp.ts';

export interface LoggerOptions {
  service?: string;
  environment?: string;
  release?: string | undefined;
  /** Least level that is written, default `info`. */
  level?: Level;
  /** Built-in redaction is always on; this adds to it. */
  redact?: RedactionOptions;
  /** Limits of what is written below `warn`; none unless given. */
  sampling?: SamplingOptions | undefined;
  sinks: readonly Sink[];
  /** Wall clock in milliseconds since the epoch, default that of the machine. */
  clock?: () => number;
}

/** What a logger and its children share. */
export interface Core {
  threshold: number;
  /** `,"service":…,"environment":…` */
  identity: string;
  writer: RecordWriter;
  sinks: readonly Sink[];
  clock: () => number;
  guard: RateGuard | undefined;
  drops: DropCounter;
}

const FATAL = LEVELS.indexOf('fatal');
/** How long the line of a `fatal` may wait for a reader that is slow, milliseconds. */
const FATAL_PATIENCE = 100;
const HEADS = LEVELS.map((level) => `","level":"${level}","message":`);

/** What a logger with these options and its children share. @param drops counts what sampling leaves out, and what a sink of the application's own throws on */
export function coreOf(options: LoggerOptions, drops = new DropCounter()): Core {
  const { service, environment, release, sampling } = options;
  const writer = new RecordWriter(options.redact);
  const core: Core = {
    threshold: LEVELS.indexOf(options.level ?? 'info'),
    identity: writer.fields({ service, environment, release }),
    writer,
    sinks: options.sinks,
    clock: options.clock ?? Date.now,
    guard: undefined,
    drops,
  };
  if (sampling !== undefined) {
    core.guard = new RateGuard(sampling, core.clock, drops, ({ level, template, count, since }) =>
      emit(core, level, template, `,"collapsed":${count},"since":"${isoTime(since)}"`),
    );
  }
  return core;
}

/** Hands a record to the sinks. @param body its fields as `,"key":value` pairs @param worth as `Sink.write` has it */
export function emit(core: Core, level: number, message: unknown, body: string, time?: number, worth?: number): void {
  const text = quote(typeof message === 'string' ? message : describe(message));
  const at = isoTime(time ?? core.clock());
  let line = `{"timestamp":"${at}${HEADS[level]}${text}${core.identity}${body}}\n`;
  if (line.length > SURE_RECORD && Buffer.byteLength(line) > MAX_RECORD) {
    const head = `{"timestamp":"${at}${HEADS[level]}`;
    const fitted = fitRecord(text, body, Buffer.byteLength(`${head}${core.identity}}\n`));
    line = `${head}${fitted.message}${core.identity}${fitted.fields}}\n`;
  }
  for (const sink of core.sinks) {
    try {
      sink.write(level, line, worth);
    } catch {
      core.drops.add('refused', 1);
    }
  }
  if (level === FATAL) {
    eachOf(core.sinks, (sink) => sink.flushSync?.(FATAL_PATIENCE));
  }
}
