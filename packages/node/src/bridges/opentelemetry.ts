import { LEVELS, type Level } from '@yumops/protocol';
import type { Logger } from '../logging/logger.ts';
import { describe } from '../logging/record-writer.ts';
import { pipeline } from '../runtime/pipeline.ts';

type Attributes = Readonly<Record<string, unknown>>;

/** What OpenTelemetry's log SDK hands to its exporters, as far as it is used. */
export interface ExportedLog {
  hrTime: readonly [seconds: number, nanoseconds: number];
  hrTimeObserved: readonly [seconds: number, nanoseconds: number];
  spanContext?: { traceId: string; spanId: string } | undefined;
  severityText?: string | undefined;
  severityNumber?: number | undefined;
  body?: unknown;
  eventName?: string | undefined;
  resource: { attributes: Attributes };
  instrumentationScope: { name: string };
  attributes: Attributes;
}

/** 0 is success, 1 failure. */
export interface ExportResult {
  code: 0 | 1;
  error?: Error;
}

/** Time to deliver what waits, milliseconds. */
const LIMIT = 5_000;

/** Our names of what OpenTelemetry's semantic conventions call otherwise. */
const NAMES: Readonly<Record<string, string>> = {
  'http.route': 'endpoint',
  'http.request.method': 'method',
  'http.response.status_code': 'statusCode',
  'client.address': 'ip',
  'user.id': 'userId',
  'enduser.id': 'userId',
};
const ORIGIN = ['service.name', 'service.version', 'deployment.environment.name', 'deployment.environment'];

/** Severity numbers come in groups of four, from TRACE 1 to FATAL 24; the text counts where there is none. */
function levelOf({ severityNumber, severityText }: ExportedLog): Level {
  if (severityNumber !== undefined && severityNumber >= 1 && severityNumber <= 24) {
    return LEVELS[Math.floor((severityNumber - 1) / 4)] ?? 'info';
  }
  const word = severityText?.toLowerCase();
  return LEVELS.find((level) => level === word) ?? 'info';
}

function timeOf({ hrTime, hrTimeObserved }: ExportedLog): number {
  const [seconds, nanoseconds] = hrTime[0] === 0 ? hrTimeObserved : hrTime;
  return seconds * 1000 + nanoseconds / 1e6;
}

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);

function fieldsOf(log: ExportedLog): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(log.resource.attributes)) {
    if (!ORIGIN.includes(name)) fields[name] = value;
  }
  const {
    'exception.type': name,
    'exception.message': message,
    'exception.stacktrace': stack,
    ...attributes
  } = log.attributes;
  for (const [key, value] of Object.entries(attributes)) {
    fields[NAMES[key] ?? key] = value;
  }
  if (name !== undefined || message !== undefined) fields['error'] = { name, message, stack };
  if (text(log.eventName) !== undefined) fields['event'] = log.eventName;
  if (typeof log.body === 'object' && log.body !== null) fields['body'] = log.body;
  if (text(log.instrumentationScope.name) !== undefined) fields['otel.scope.name'] = log.instrumentationScope.name;
  return { ...fields, ...log.spanContext, traceFlags: undefined, traceState: undefined, isRemote: undefined };
}

/**
 * An exporter for OpenTelemetry's log SDK: `new SimpleLogRecordProcessor(new YumOpsLogRecordExporter())`. Redaction, buffer and delivery at the end of
 * the process are those of our own logger, so that no processor need batch. Service, release and environment are those of the resource.
 */
export class YumOpsLogRecordExporter {
  readonly #loggers = new WeakMap<object, Logger>();
  #stopped = false;

  export(logs: readonly ExportedLog[], done: (result: ExportResult) => void): void {
    if (this.#stopped) {
      done({ code: 1, error: new Error('the exporter was shut down') });
      return;
    }
    try {
      for (const log of logs) {
        const message = typeof log.body === 'object' || log.body === undefined ? '' : String(log.body);
        this.#loggerOf(log.resource).complete(levelOf(log), timeOf(log), message, fieldsOf(log));
      }
      done({ code: 0 });
    } catch (error) {
      done({ code: 1, error: error instanceof Error ? error : new Error(describe(error)) });
    }
  }

  async forceFlush(): Promise<void> {
    await pipeline().flush(LIMIT);
  }

  async shutdown(): Promise<void> {
    this.#stopped = true;
    await this.forceFlush();
  }

  #loggerOf(resource: ExportedLog['resource']): Logger {
    const known = this.#loggers.get(resource);
    if (known !== undefined) {
      return known;
    }
    const { attributes } = resource;
    // What the SDK calls a service of which it knows no name.
    const service = text(attributes['service.name']);
    const logger = pipeline().telemetryOf({
      service: service?.startsWith('unknown_service') ? undefined : service,
      environment: text(attributes['deployment.environment.name'] ?? attributes['deployment.environment']),
      release: text(attributes['service.version']),
    });
    this.#loggers.set(resource, logger);
    return logger;
  }
}
