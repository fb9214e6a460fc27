import { AsyncLocalStorage } from 'node:async_hooks';
import { randomHex } from '../middleware/trace-context.ts';
import { currentScope, withContext } from '../runtime/scope.ts';
import { shared } from '../runtime/shared.ts';
import { currentClient } from './current.ts';

export interface SpanOptions {
  name: string;
  op?: string;
  attributes?: Record<string, unknown>;
}

/** A piece of work that is being timed. */
export class Span {
  readonly traceId: string;
  readonly spanId = randomHex(8);
  readonly parentSpanId: string | undefined;
  readonly root: Span;
  readonly #options: SpanOptions;
  readonly #attributes: Record<string, unknown>;
  readonly #startedAt = Date.now() / 1000;
  readonly #started = performance.now();
  /** Ended spans of the whole, kept by its root until it ends. */
  readonly ended: Record<string, unknown>[] = [];
  #status = 'ok';
  #done = false;

  constructor(options: SpanOptions, parent: Span | undefined) {
    const fields = currentScope()?.fields;
    this.#options = options;
    this.#attributes = { ...options.attributes };
    this.traceId = parent?.traceId ?? fields?.traceId ?? randomHex(16);
    this.parentSpanId = parent?.spanId ?? fields?.spanId;
    this.root = parent?.root ?? this;
  }

  setAttribute(name: string, value: unknown): this {
    this.#attributes[name] = value;
    return this;
  }

  setStatus(status: { code: number; message?: string } | string): this {
    this.#status =
      typeof status === 'string' ? status : status.code === 2 ? (status.message ?? 'internal_error') : 'ok';
    return this;
  }

  /** As {@link setAttribute}: its names before version 8. */
  setData(name: string, value: unknown): this {
    return this.setAttribute(name, value);
  }

  setTag(name: string, value: unknown): this {
    return this.setAttribute(name, value);
  }

  /** A span inside this one. */
  startChild(options: { op?: string; description?: string }): Span {
    const { op, description = op ?? 'span' } = options;
    return new Span({ name: description, ...(op && { op }) }, this);
  }

  /** As {@link end}: its name before version 8. */
  finish(): void {
    this.end();
  }

  /** Milliseconds since it began. */
  elapsed(): number {
    return performance.now() - this.#started;
  }

  end(): void {
    if (this.#done) {
      return;
    }
    this.#done = true;
    const json = this.#toJson();
    if (this.root !== this) {
      this.root.ended.push(json);
      return;
    }
    send(this.#options.name, json, this.ended);
  }

  #toJson(): Record<string, unknown> {
    return {
      trace_id: this.traceId,
      span_id: this.spanId,
      parent_span_id: this.parentSpanId,
      op: this.#options.op ?? 'function',
      description: this.#options.name,
      status: this.#status,
      start_timestamp: this.#startedAt,
      timestamp: this.#startedAt + this.elapsed() / 1000,
      data: this.#attributes,
    };
  }
}

const running = shared('error-spans', () => new AsyncLocalStorage<Span | undefined>());

/** The span of the running work. */
export function getActiveSpan(): Span | undefined {
  return running.getStore();
}

/**
 * Times work: the span ends when the work returns, or when its promise settles. What the work throws goes on to the
 * caller, and the span says that it failed.
 */
export function startSpan<Result>(options: SpanOptions, work: (span: Span) => Result): Result {
  const span = new Span(options, running.getStore());
  return running.run(span, () => {
    let result: Result;
    try {
      result = work(span);
    } catch (error) {
      span.setStatus('internal_error').end();
      throw error;
    }
    if (result instanceof Promise) {
      return result.then(
        (value) => {
          span.end();
          return value;
        },
        (error) => {
          span.setStatus('internal_error').end();
          throw error;
        },
      ) as Result;
    }
    span.end();
    return result;
  });
}

/** As {@link startSpan}; the work ends its span itself. */
export function startSpanManual<Result>(
  options: SpanOptions,
  work: (span: Span, finish: () => void) => Result,
): Result {
  const span = new Span(options, running.getStore());
  return running.run(span, () => work(span, () => span.end()));
}

/** A span inside that of the running work, which does not become the running one; end it with `end()`. */
export function startInactiveSpan(options: SpanOptions): Span {
  return new Span(options, running.getStore());
}

const SENTRY_TRACE = /^\s*(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})(?:-[01]?)?\s*$/;

/**
 * Runs work as part of the trace of whoever sent the headers: its spans, log lines and outgoing calls belong to it. Headers that name
 * none change nothing.
 * @param headers `sentry-trace`, as it came; `baggage` is accepted and not used
 */
export function continueTrace<Result>(
  headers: { sentryTrace?: string | undefined; baggage?: string | readonly string[] | null | undefined },
  work: () => Result,
): Result {
  const [, traceId, spanId] = SENTRY_TRACE.exec(String(headers?.sentryTrace)) ?? [];
  return traceId === undefined || spanId === undefined
    ? work()
    : withContext({ traceId, spanId }, () => running.run(undefined, work));
}

function send(name: string, root: Record<string, unknown>, spans: readonly Record<string, unknown>[]): void {
  const client = currentClient();
  const rate = client?.options.tracesSampleRate ?? 0;
  if (client === undefined || Math.random() >= rate) {
    return;
  }
  const { start_timestamp, timestamp, ...trace } = root;
  const { release, environment, service } = client.options;
  const event = {
    event_id: randomHex(16),
    type: 'transaction',
    transaction: name,
    platform: 'node',
    start_timestamp,
    timestamp,
    release,
    environment,
    tags: service === undefined ? {} : { service },
    contexts: { trace },
    spans,
  };
  client.sendItem('transaction', event, 'transaction', { event_id: event.event_id });
}
