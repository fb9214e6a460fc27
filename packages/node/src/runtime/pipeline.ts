import { readSettings, type Settings } from '../config/settings.ts';
import type { RedactionOptions } from '../logging/key-rules.ts';
import { Logger, type Sink } from '../logging/logger.ts';
import { prettyLine } from '../logging/pretty.ts';
import { StdoutSink } from '../logging/stdout-sink.ts';
import { BatchSender, type SenderOptions } from '../transport/batch-sender.ts';
import { DropCounter } from '../transport/drop-counter.ts';
import { watchProcessEnd } from './process-end.ts';
import { shared } from './shared.ts';

/** Overrides of what the environment says. Set them before the first record is written. */
export interface ConfigureOptions extends Partial<Settings> {
  redact?: RedactionOptions;
  /** Lines on stdout, default true. */
  stdout?: boolean;
  transport?: Partial<Pick<SenderOptions, 'maxBuffer' | 'maxBatch' | 'interval' | 'timeout' | 'backoff'>>;
}

/** The process-wide parts that all loggers share. */
export interface Pipeline {
  settings: Settings;
  drops: DropCounter;
  sinks: readonly Sink[];
  /** Lines for YumOps alone: samples and outbound calls. */
  telemetry: Logger;
  redact: RedactionOptions;
  flush(timeoutMs: number): Promise<boolean>;
}

interface PipelineState {
  overrides: ConfigureOptions;
  pipeline: Pipeline | undefined;
}

const state = () => shared<PipelineState>('pipeline', () => ({ overrides: {}, pipeline: undefined }));

/** A notice about the SDK itself, for people who read the process's stderr. */
export function warnOnStderr(message: string): void {
  process.stderr.write(`[yumops] ${message}\n`);
}

/**
 * Changes settings of this process. Call it before the first record is written, for example at the top of `instrumentation.ts`.
 * @returns false when records were already written and nothing was changed
 */
export function configure(options: ConfigureOptions): boolean {
  const current = state();
  if (current.pipeline !== undefined) {
    return false;
  }
  Object.assign(current.overrides, options);
  return true;
}

/** The process-wide pipeline, built on first use from the environment and from `configure`. */
export function pipeline(): Pipeline {
  const current = state();
  current.pipeline ??= build(current.overrides);
  return current.pipeline;
}

function definedOnly<Value extends object>(value: Value): Partial<Value> {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as Partial<Value>;
}

function senderOf(
  settings: Settings,
  drops: DropCounter,
  limits: ConfigureOptions['transport'],
): BatchSender | undefined {
  if (settings.building) {
    return undefined;
  }
  if (settings.url === undefined || !URL.canParse(settings.url)) {
    warnOnStderr(
      `${settings.url === undefined ? 'YUMOPS_URL is not set' : 'YUMOPS_URL is not a URL'}: records stay on stdout`,
    );
    return undefined;
  }
  return new BatchSender({ url: settings.url, key: settings.key, drops, warn: warnOnStderr, ...limits });
}

function build(overrides: ConfigureOptions): Pipeline {
  const { redact: redactOptions, stdout, transport, ...rest } = overrides;
  const settings: Settings = { ...readSettings(), ...definedOnly(rest) };
  const drops = new DropCounter();
  const sender = senderOf(settings, drops, transport);
  const colours = process.stdout.isTTY === true;
  const output =
    stdout === false
      ? undefined
      : new StdoutSink({ drops, ...(settings.pretty ? { format: (line: string) => prettyLine(line, colours) } : {}) });
  const redact: RedactionOptions =
    settings.hashKey === undefined ? { ...redactOptions } : { hashKey: settings.hashKey, ...redactOptions };
  const sinks = [output, sender].filter((sink): sink is StdoutSink | BatchSender => sink !== undefined);
  const flush = async (timeoutMs: number) =>
    (await Promise.all(sinks.map((sink) => sink.flush(timeoutMs)))).every(Boolean);
  const { service, environment, release } = settings;
  const telemetry = new Logger({
    service,
    environment,
    release,
    level: 'trace',
    redact,
    sinks: sender === undefined ? [] : [sender],
  });
  const last = new Logger({ service, environment, release, redact, sinks });
  const crashed = (error: unknown) => last.fatal('Uncaught exception', error);
  watchProcessEnd({
    crashed,
    flush,
    flushSync: () => output?.flushSync(),
    deliverSync: (timeoutMs) => sender?.deliverSync(timeoutMs) ?? true,
    giveUp: () => sender?.giveUp(),
    pending: () => sender?.pending ?? 0,
  });
  return { settings, drops, sinks, telemetry, redact, flush };
}
