import { readSettings, type Settings } from '../config/settings.ts';
import { coreOf } from '../logging/core.ts';
import type { RedactionOptions } from '../logging/key-rules.ts';
import { Logger } from '../logging/logger.ts';
import { prettyLine } from '../logging/pretty.ts';
import type { SamplingOptions } from '../logging/rate-guard.ts';
import type { Sink } from '../logging/sink.ts';
import { StdoutSink } from '../logging/stdout-sink.ts';
import { BatchSender, type SenderOptions } from '../transport/batch-sender.ts';
import { DropCounter } from '../transport/drop-counter.ts';
import { definedOnly } from './defined-only.ts';
import { Ending, type Settles } from './ending.ts';
import { watchProcessEnd } from './process-end.ts';
import { shared } from './shared.ts';

/** Overrides of what the environment says. Set them before the first record is written. */
export interface ConfigureOptions extends Partial<Settings> {
  redact?: RedactionOptions;
  /** Limits of what is written below `warn`, for each logger; none unless given. */
  sampling?: SamplingOptions;
  /** Lines on stdout, default true. */
  stdout?: boolean;
  transport?: Partial<Pick<SenderOptions, 'maxBuffer' | 'maxBatch' | 'interval' | 'timeout' | 'backoff'>>;
}

/** Names on every record; what is missing is as in the settings. */
export interface Identity {
  service?: string | undefined;
  environment?: string | undefined;
  release?: string | undefined;
}

/** The process-wide parts that all loggers share. */
export interface Pipeline {
  settings: Settings;
  drops: DropCounter;
  sinks: readonly Sink[];
  /** Lines for YumOps alone: samples and outbound calls. */
  telemetry: Logger;
  /** As `telemetry` for records of a process that calls itself otherwise. */
  telemetryOf(identity: Identity): Logger;
  redact: RedactionOptions;
  sampling: SamplingOptions | undefined;
  /** Whether the counts of `drops` go to YumOps as metrics. */
  reportsDrops: boolean;
  /** Lets what a logger has of its own leave the process at its end too. */
  attach(parts: { sinks: readonly Sink[]; guard: Settles | undefined }): void;
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
  const { redact: redactOptions, sampling, stdout, transport, ...rest } = overrides;
  const settings: Settings = { ...readSettings(), ...definedOnly(rest) };
  const drops = new DropCounter(warnOnStderr);
  const sender = senderOf(settings, drops, transport);
  const colours = process.stdout.isTTY === true;
  const format = settings.pretty ? (line: string) => prettyLine(line, colours) : undefined;
  const output = stdout === false ? undefined : new StdoutSink({ drops, format });
  const redact: RedactionOptions =
    settings.hashKey === undefined ? { ...redactOptions } : { hashKey: settings.hashKey, ...redactOptions };
  const sinks = [output, sender].filter((sink): sink is StdoutSink | BatchSender => sink !== undefined);
  const { service, environment, release } = settings;
  const identity = { service, environment, release, redact };
  const toSender = sender === undefined ? [] : [sender];
  const common = { ...identity, level: 'trace', sampling, sinks: toSender } as const;
  const telemetry = coreOf(common, drops);
  const ending = new Ending(drops, new Logger({ ...identity, sinks }));
  ending.attach({ sinks, guard: telemetry.guard });
  watchProcessEnd(ending);
  return {
    ...{ settings, drops, sinks, redact, sampling, reportsDrops: sender !== undefined },
    telemetry: new Logger(() => telemetry),
    telemetryOf: (names) => {
      const core = coreOf(Object.assign({ ...common }, definedOnly(names)), drops);
      ending.attach({ sinks: [], guard: core.guard });
      return new Logger(() => core);
    },
    attach: (parts) => ending.attach(parts),
    flush: (timeoutMs) => ending.flush(timeoutMs),
  };
}
