import { hostname } from 'node:os';
import { describe, RecordWriter } from '../logging/record-writer.ts';
import { maskSecrets } from '../logging/secrets.ts';
import { randomHex } from '../middleware/trace-context.ts';
import { definedOnly } from '../runtime/defined-only.ts';
import { currentScope } from '../runtime/scope.ts';
import { debugImagesOf } from './debug-ids.ts';
import type { Dsn } from './dsn.ts';
import { EnvelopeSender } from './envelope-sender.ts';
import { exceptionsOf, type Mechanism } from './exception.ts';
import { readFrames } from './frames.ts';
import { beginIntegration, type Integration } from './integrations.ts';
import { type Breadcrumb, getCurrentScope, type Scope, type SeverityLevel, type User } from './scope.ts';
import { SessionTracking } from './sessions.ts';
import { SourceLines } from './source-lines.ts';

/** An event as it leaves; `beforeSend` may change it. */
export type ErrorEvent = Record<string, unknown> & { event_id: string };

/** What looks at an event before it leaves. */
type Step = (event: ErrorEvent, hint: Hint, client: ErrorClient) => unknown;

export interface Hint {
  originalException?: unknown;
  mechanism?: Mechanism;
}

/** What a single capture adds to its scope. */
export interface CaptureContext {
  level?: SeverityLevel;
  tags?: Record<string, unknown>;
  extra?: Record<string, unknown>;
  contexts?: Record<string, unknown>;
  fingerprint?: string[];
  user?: User;
}

/** An event that an application has put together. */
export interface GivenEvent extends CaptureContext {
  event_id?: string;
  message?: string;
  breadcrumbs?: Breadcrumb[];
  [field: string]: unknown;
}

export interface ClientOptions {
  dsn: Dsn;
  release?: string | undefined;
  environment?: string | undefined;
  service?: string | undefined;
  /** Commit that the release was built from; a tag of each event. */
  commit?: string | undefined;
  /** Whether requests are counted for the crash-free rate of the release; default true. */
  autoSessionTracking?: boolean | undefined;
  /** Share of errors that are sent, 0 to 1. */
  sampleRate?: number;
  /** Share of traces that are sent, 0 to 1; none when left out. */
  tracesSampleRate?: number | undefined;
  /** Messages that are not sent: a text that they contain, or a pattern. */
  ignoreErrors?: readonly (string | RegExp)[];
  /** May change an event, or return null to keep it back. */
  beforeSend?: ((event: ErrorEvent, hint: Hint) => ErrorEvent | null) | undefined;
}

/** What a given event may say in place of the process; all else of it is written as it is given, secrets masked. */
const REPLACEABLE = new Set(['timestamp', 'platform', 'server_name', 'release', 'environment', 'transaction']);

const HANDLED: Mechanism = { type: 'generic', handled: true };

/** Turns errors into envelopes of Sentry's protocol and sends them. Nothing that it is given makes it throw. */
export class ErrorClient {
  readonly options: ClientOptions;
  readonly sender: EnvelopeSender;
  readonly #writer = new RecordWriter();
  readonly #source = new SourceLines();
  /** The event of each error that was sent, by the error. */
  readonly #captured = new WeakMap<object, string>();
  readonly sessions: SessionTracking | undefined;
  readonly #integrations: Integration[] = [];
  lastEventId: string | undefined;

  constructor(options: ClientOptions) {
    this.options = options;
    this.sender = new EnvelopeSender(options.dsn);
    const { release, environment, autoSessionTracking = true } = options;
    if (autoSessionTracking && release !== undefined) {
      this.sessions = new SessionTracking((aggregates) =>
        this.sendItem('sessions', { aggregates, attrs: { release, environment } }, 'session'),
      );
    }
  }

  /** @returns the event's id, also of an event that is kept back */
  captureException(thrown: unknown, context: CaptureContext = {}, mechanism: Mechanism = HANDLED): string {
    const id = randomHex(16);
    if (typeof thrown === 'object' && thrown !== null) {
      const known = this.#captured.get(thrown);
      if (known !== undefined) {
        return known;
      }
      this.#captured.set(thrown, id);
    }
    noteFailure(mechanism);
    const values = exceptionsOf(thrown, mechanism);
    for (const { stacktrace } of values) {
      this.#source.addTo(stacktrace?.frames ?? []);
    }
    const images = debugImagesOf(values);
    const own = typeof thrown === 'object' && thrown !== null ? ownProperties(thrown) : undefined;
    const extra = own === undefined ? {} : { extra: { ...context.extra, error: own } };
    this.#send(
      id,
      { exception: { values }, ...(images.length === 0 ? {} : { debug_meta: { images } }) },
      { ...context, ...extra },
      { originalException: thrown, mechanism },
    );
    return id;
  }

  captureMessage(message: string, level: SeverityLevel = 'info', context: CaptureContext = {}): string {
    const id = randomHex(16);
    const frames = readFrames(new Error('here').stack).slice(0, -2);
    const text = maskSecrets(String(message));
    this.#send(id, { message: text, stacktrace: { frames } }, { ...context, level }, {});
    return id;
  }

  /** Sends an event as it is given, with what is known around it. @returns its id */
  captureEvent(given: GivenEvent, hint: Hint = {}): string {
    const { event_id, level, tags, extra, contexts, fingerprint, user, ...rest } = (given ?? {}) as GivenEvent;
    const id = /^[0-9a-f]{32}$/.test(String(event_id)) ? String(event_id) : randomHex(16);
    const content: Record<string, unknown> = {};
    const more: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(rest)) {
      if (!REPLACEABLE.has(name)) more[name] = value;
      else if (typeof value === 'string') content[name] = maskSecrets(value);
      else if (typeof value === 'number') content[name] = value;
    }
    this.#send(id, content, definedOnly({ level, tags, extra, contexts, fingerprint, user }), hint, more);
    return id;
  }

  addIntegration(integration: Integration): void {
    if (beginIntegration(integration, this)) this.#integrations.push(integration);
  }

  /** Sends one item that is no event. */
  sendItem(type: string, payload: object, category: string, header: object = {}): void {
    const body = `${JSON.stringify({ ...this.#header(), ...header })}\n${JSON.stringify({ type })}\n{${this.#writer.fields(payload).slice(1)}}\n`;
    this.sender.send({ id: '', category, body: Buffer.from(body) });
  }

  #header(): Record<string, unknown> {
    return {
      sent_at: new Date().toISOString(),
      dsn: this.options.dsn.text,
      sdk: { name: 'yumops.node', version: '0.1.0' },
    };
  }

  /** @param more fields that were not made here */
  #send(
    id: string,
    content: Record<string, unknown>,
    context: CaptureContext,
    hint: Hint,
    more: Record<string, unknown> = {},
  ): void {
    this.lastEventId = id;
    const reason = this.#refusal({ ...more, ...content });
    if (reason !== undefined) {
      this.sender.discard(reason, 'error');
      return;
    }
    const scope = getCurrentScope();
    const text = this.#write(id, content, scope, context, more);
    const changed = this.#beforeSend(text, hint);
    if (changed === null) {
      this.sender.discard('before_send', 'error');
      return;
    }
    const lines = [JSON.stringify({ event_id: id, ...this.#header() }), '{"type":"event"}', changed];
    const parts = [Buffer.from(`${lines.join('\n')}\n`)];
    for (const { filename, data, contentType } of scope.attachments) {
      const bytes = Buffer.from(data as string);
      const header = {
        type: 'attachment',
        length: bytes.length,
        filename,
        ...(contentType ? { content_type: contentType } : {}),
      };
      parts.push(Buffer.from(`${JSON.stringify(header)}\n`), bytes, Buffer.from('\n'));
    }
    this.sender.send({ id, category: 'error', body: Buffer.concat(parts) });
  }

  #refusal(content: Record<string, unknown>): string | undefined {
    const { sampleRate = 1, ignoreErrors = [] } = this.options;
    const { values } = (content['exception'] ?? {}) as { values?: { type: string; value: string }[] };
    const thrown = Array.isArray(values) ? values.at(-1) : undefined;
    const title = thrown ? `${thrown.type}: ${thrown.value}` : describe(content['message'] ?? '');
    const ignored = ignoreErrors.some((rule) => (typeof rule === 'string' ? title.includes(rule) : rule.test(title)));
    if (ignored) {
      return 'event_processor';
    }
    return Math.random() >= sampleRate ? 'sample_rate' : undefined;
  }

  #write(
    id: string,
    content: Record<string, unknown>,
    scope: Scope,
    context: CaptureContext,
    more: Record<string, unknown>,
  ): string {
    const { release, environment, service, commit } = this.options;
    const { traceId, spanId, requestId, userId } = currentScope()?.fields ?? {};
    const trace = traceId === undefined ? {} : { trace: { trace_id: traceId, span_id: spanId } };
    const own = {
      event_id: id,
      timestamp: Date.now() / 1000,
      platform: 'node',
      level: context.level ?? scope.level ?? 'error',
      server_name: hostname(),
      ...(release === undefined ? {} : { release }),
      ...(environment === undefined ? {} : { environment }),
      ...(scope.transaction === undefined ? {} : { transaction: scope.transaction }),
      ...content,
      ...fingerprintOf(context.fingerprint ?? scope.fingerprint),
    };
    const known = {
      ...more,
      tags: {
        ...(service === undefined ? {} : { service }),
        ...(commit === undefined ? {} : { commit }),
        ...(requestId === undefined ? {} : { requestId }),
        ...scope.tags,
        ...context.tags,
      },
      user: context.user ?? scope.user ?? (userId === undefined ? {} : { id: userId }),
      extra: { ...scope.extra, ...context.extra },
      contexts: {
        runtime: { name: 'node', version: process.version },
        ...trace,
        ...scope.contexts,
        ...context.contexts,
      },
      breadcrumbs: { values: [...scope.breadcrumbs, ...crumbsOf(more['breadcrumbs'])] },
    };
    return `${JSON.stringify(own).slice(0, -1)}${this.#writer.fields(known)}}`;
  }

  /** What the application's integrations and `beforeSend` make of an event. */
  #beforeSend(text: string, hint: Hint): string | null {
    const steps: Step[] = this.#integrations.flatMap((one) =>
      one.processEvent === undefined ? [] : [one.processEvent.bind(one)],
    );
    const { beforeSend } = this.options;
    if (beforeSend !== undefined) steps.push(beforeSend);
    return steps.reduce<string | null>((before, step) => {
      if (before === null) return null;
      try {
        const event = step(JSON.parse(before) as ErrorEvent, hint, this);
        if (event === null) return null;
        return event instanceof Promise || typeof event !== 'object' ? before : JSON.stringify(event);
      } catch {
        // An error in the app's filter must not cost the error that it looked at.
        return before;
      }
    }, text);
  }
}

/** Marks the running request: one that an error cut off counts against its release. */
function noteFailure({ handled }: Mechanism): void {
  const request = currentScope()?.request;
  if (request !== undefined && request.failure !== 'crashed') {
    request.failure = handled ? 'errored' : 'crashed';
  }
}

function crumbsOf(given: unknown): unknown[] {
  const list = Array.isArray(given) ? given : (given as { values?: unknown } | undefined)?.values;
  return Array.isArray(list) ? list : [];
}

function fingerprintOf(fingerprint: string[] | undefined): Record<string, unknown> {
  return fingerprint === undefined ? {} : { fingerprint };
}

/** What an application put on its error beside the usual. */
function ownProperties(thrown: object): Record<string, unknown> | undefined {
  try {
    const own = Object.entries(thrown).filter(
      ([key]) => !['name', 'message', 'stack', 'cause', 'errors'].includes(key),
    );
    return own.length === 0 ? undefined : Object.fromEntries(own);
  } catch {
    return undefined;
  }
}
