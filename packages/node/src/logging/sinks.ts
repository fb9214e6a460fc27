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
  /** Of a collector, `http://127.0.0.1:4318`, or the whole address of its logs, which ends in `/v1/logs`. */
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

/** Takes the place of a sink that has no address to send to. */
class Nowhere implements Sink {
  readonly #drops = pipeline().drops;

  write(): void {
    this.#drops.add('refused', 1);
  }

  flush(): Promise<boolean> {
    return Promise.resolve(true);
  }

  close(): Promise<boolean> {
    return Promise.resolve(true);
  }
}

/** A sink on the network. With an address that is none it loses its records, which are counted, and the application goes on. */
function sinkTo(url: string, make: () => Sink): Sink {
  return madeOnce(() => {
    if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) {
      return make();
    }
    warnOnStderr(`a sink has no http address to send to: ${url}`);
    return new Nowhere();
  });
}

/** The path of logs comes after that of the collector itself, as with `OTEL_EXPORTER_OTLP_ENDPOINT`. */
function logsOf(url: string): string {
  const { path } = OTLP_LOGS;
  return url.endsWith(path) ? url : `${url.replace(/\/+$/, '')}${path}`;
}

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
  return sinkTo(options.url, () => {
    const { headers, url, ...rest } = options;
    const { drops, reportsDrops } = pipeline();
    const format = { ...OTLP_LOGS, headers: headers ?? {}, reportsDrops: !reportsDrops };
    return new BatchSender({ ...rest, url: logsOf(url), key: undefined, drops, warn: warnOnStderr, format });
  });
}

/** Batches to a YumOps other than that of `YUMOPS_URL`. */
export function yumopsSink(options: YumOpsOptions): Sink {
  return sinkTo(
    options.url,
    () => new BatchSender({ ...options, key: options.key, drops: pipeline().drops, warn: warnOnStderr }),
  );
}
