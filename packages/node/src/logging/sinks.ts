import { pipeline, warnOnStderr } from '../runtime/pipeline.ts';
import { BatchSender } from '../transport/batch-sender.ts';
import { OTLP_LOGS } from '../transport/otlp-logs.ts';
import { type FileOptions, FileSink } from './file-sink.ts';
import { prettyLine } from './pretty.ts';
import { LazySinks, type Sink } from './sink.ts';
import { StdoutSink } from './stdout-sink.ts';

export interface ConsoleOptions {
  /** Lines for people in place of JSON; default as `YUMOPS_LOG_FORMAT` says, else in development. */
  pretty?: boolean;
}

/** Where batches go. */
export interface EndpointOptions {
  /** Most memory for lines that wait, bytes; default 8 MiB. */
  maxBuffer?: number;
  /** Longest time that a line waits for company, milliseconds; default 1,000. */
  interval?: number;
  /** Time limit of one request, milliseconds; default 10,000. */
  timeout?: number;
}

export interface OtlpOptions extends EndpointOptions {
  /** Of a collector, `http://127.0.0.1:4318`, or the whole address of its logs. */
  url: string;
  /** Sent with each request, for example a key. */
  headers?: Readonly<Record<string, string>>;
}

export interface YumOpsOptions extends EndpointOptions {
  /** Origin of YumOps. */
  url: string;
  key?: string;
}

const madeOnce = (make: () => Sink): Sink => new LazySinks(() => [make()], true);

/** Standard output, as JSON lines or for people. */
export function consoleSink(options: ConsoleOptions = {}): Sink {
  return madeOnce(() => {
    const { drops, settings } = pipeline();
    const colours = process.stdout.isTTY === true;
    const format = (options.pretty ?? settings.pretty) ? (line: string) => prettyLine(line, colours) : undefined;
    return new StdoutSink({ drops, format });
  });
}

/** JSON lines in a file, with older ones beside it. */
export function fileSink(options: FileOptions): Sink {
  return madeOnce(() => new FileSink({ ...options, drops: pipeline().drops, warn: warnOnStderr }));
}

/** Batches to any receiver of OpenTelemetry's logs, as OTLP/HTTP with JSON. */
export function otlpSink(options: OtlpOptions): Sink {
  return madeOnce(() => {
    const { headers, ...rest } = options;
    const { drops, reportsDrops } = pipeline();
    const format = { ...OTLP_LOGS, headers: headers ?? {}, reportsDrops: !reportsDrops };
    return new BatchSender({ ...rest, key: undefined, drops, warn: warnOnStderr, format });
  });
}

/** Batches to a YumOps other than that of `YUMOPS_URL`. */
export function yumopsSink(options: YumOpsOptions): Sink {
  return madeOnce(() => new BatchSender({ ...options, key: options.key, drops: pipeline().drops, warn: warnOnStderr }));
}
