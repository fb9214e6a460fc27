import { LEVELS, type Level, type RecordType } from '@yumops/protocol';
import { activeSpan } from '../runtime/open-telemetry.ts';
import { currentScope, type Scope } from '../runtime/scope.ts';
import { type Core, coreOf, emit, type LoggerOptions } from './core.ts';
import { isError } from './error-test.ts';
import { quote } from './quote.ts';
import { describe } from './record-writer.ts';
import { allOf } from './sink.ts';

export const LogLevel = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
  FATAL: 'fatal',
} as const;

/** Fields of a record. The known ones are columns of `application_logs`, all others become attributes. */
export interface LogContext {
  userId?: string;
  sessionId?: string;
  requestId?: string;
  userAgent?: string;
  ip?: string;
  endpoint?: string;
  method?: string;
  /** Milliseconds. */
  duration?: number;
  statusCode?: number;
  [key: string]: unknown;
}

export type SecuritySeverity = 'low' | 'medium' | 'high' | 'critical';

/** Fields that belong to the kind of call and win over the context. */
interface Overlay {
  type?: RecordType;
  fields: Record<string, unknown>;
}

const [TRACE, DEBUG, INFO, WARN, ERROR, FATAL] = [0, 1, 2, 3, 4, 5] as const;
const IDENTITY = ['timestamp', 'time', 'level', 'message', 'service', 'environment', 'release', 'version', 'type'];
const RESERVED: ReadonlySet<string> = new Set(IDENTITY);
const SCOPE_RESERVED = ['requestId', 'traceId', 'spanId'] as const;
const NO_KEYS: ReadonlySet<string> = new Set();

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** What stands under `err`, where pino's users put an error, if it is one. */
function errorIn(context: object): Error | undefined {
  try {
    const { err } = context as { err?: unknown };
    return isError(err) ? err : undefined;
  } catch {
    return undefined;
  }
}

/** What was given beside the message, in whatever form. */
function contextOf(second: unknown, third: object | undefined): object | undefined {
  if (second === undefined || second === null) {
    return third;
  }
  if (isObject(second) && third === undefined) {
    return second;
  }
  return { args: third === undefined ? [second] : [second, third] };
}

function copyOf(fields: object, without: Record<string, undefined> = {}): Record<string, unknown> {
  try {
    return { ...fields, ...without };
  } catch (error) {
    return { unreadable: describe(error) };
  }
}

/** Outside of requests and contexts a record belongs to the span of OpenTelemetry in which it is written. */
function scopeOfSpan(): Scope | undefined {
  const span = activeSpan();
  return span && { fields: { traceId: span.traceId, spanId: span.spanId }, request: undefined, written: undefined };
}

function sharesKey(context: object, keys: ReadonlySet<string>): boolean {
  for (const key in context) {
    if (keys.has(key)) {
      return true;
    }
  }
  return false;
}

/** Structured logger. No method throws, blocks, or changes what it is given. */
export class Logger {
  readonly #source: () => LoggerOptions | Core;
  readonly #bindings: Record<string, unknown>;
  readonly #bindingKeys: ReadonlySet<string>;
  #made: Core | undefined;
  #bindingText = '';

  /** @param options what to write and where; a function is called when the first record is written */
  constructor(options: LoggerOptions | (() => LoggerOptions | Core), bindings: Record<string, unknown> = {}) {
    this.#source = typeof options === 'function' ? options : () => options;
    this.#bindings = bindings;
    this.#bindingKeys = Object.keys(bindings).length === 0 ? NO_KEYS : new Set(Object.keys(bindings));
  }

  get #core(): Core {
    return this.#made ?? this.#make();
  }

  #make(): Core {
    const source = this.#source();
    const core = 'writer' in source ? source : coreOf(source);
    this.#made = core;
    this.#bindingText = this.#bindingKeys === NO_KEYS ? '' : core.writer.fields(this.#bindings, RESERVED);
    return core;
  }

  trace(message: string, context?: object): void;
  trace(message: string, error: unknown, context: object): void;
  trace(context: object, message?: string): void;
  trace(first: string | object, second?: unknown, third?: object): void {
    if (this.#core.threshold <= TRACE) {
      this.#log(TRACE, first, second, third);
    }
  }

  debug(message: string, context?: object): void;
  debug(message: string, error: unknown, context: object): void;
  debug(context: object, message?: string): void;
  debug(first: string | object, second?: unknown, third?: object): void {
    if (this.#core.threshold <= DEBUG) {
      this.#log(DEBUG, first, second, third);
    }
  }

  info(message: string, context?: object): void;
  info(message: string, error: unknown, context: object): void;
  info(context: object, message?: string): void;
  info(first: string | object, second?: unknown, third?: object): void {
    if (this.#core.threshold <= INFO) {
      this.#log(INFO, first, second, third);
    }
  }

  warn(message: string, context?: object): void;
  warn(message: string, error: unknown, context: object): void;
  warn(context: object, message?: string): void;
  warn(first: string | object, second?: unknown, third?: object): void {
    if (this.#core.threshold <= WARN) {
      this.#log(WARN, first, second, third);
    }
  }

  /** `error(message)`, `error(message, error)`, `error(message, error, context)`, `error(message, context)`, `error(context, message)` or `error(error, message)`. */
  error(message: string, error?: unknown, context?: object): void;
  error(context: object, message?: string): void;
  error(first: string | object, second?: unknown, third?: object): void {
    if (this.#core.threshold <= ERROR) {
      this.#logError(ERROR, first, second, third);
    }
  }

  /** As {@link error}, for what ends the process. */
  fatal(message: string, error?: unknown, context?: object): void;
  fatal(context: object, message?: string): void;
  fatal(first: string | object, second?: unknown, third?: object): void {
    if (this.#core.threshold <= FATAL) {
      this.#logError(FATAL, first, second, third);
    }
  }

  /** How long an operation took. @param duration milliseconds */
  performance(operation: string, duration: number, context?: LogContext): void {
    this.#typed(
      INFO,
      `Performance: ${describe(operation)}`,
      { type: 'performance', fields: { operation, duration } },
      context,
    );
  }

  /** Something that matters to the business, for example `order_placed`. */
  businessEvent(event: string, data?: unknown, context?: LogContext): void {
    this.#typed(
      INFO,
      `Business Event: ${describe(event)}`,
      { type: 'business', fields: { event, eventData: data } },
      context,
    );
  }

  /**
   * Something that matters to security, written whatever the level set: who hears of failed sign-ins and of none that succeeded
   * takes honest people for attackers. The severity is a field of its own and never makes the record an error.
   */
  securityEvent(event: string, severity: SecuritySeverity, context?: LogContext): void {
    const level = severity === 'low' ? INFO : WARN;
    const overlay = { type: 'security', fields: { event, severity } } as const;
    // The same holds for a success that comes after the failures around it, or is given up before them.
    this.#emit(level, `Security Event: ${describe(event)}`, this.#bodyOrReason(overlay, context), undefined, WARN);
  }

  /**
   * Writes a record with exactly these fields, whatever the level set and without the running context. The request log, samples and
   * reports of outbound calls are written with it.
   */
  record(level: Level, type: RecordType, message: string, fields: Record<string, unknown>): void {
    this.recordPairs(level, type, message, this.#core.writer.fields(fields, RESERVED));
  }

  /** As {@link record} for fields that stand as JSON already: `,"key":value` pairs, their texts escaped, of keys that it {@link keeps}. */
  recordPairs(level: Level, type: RecordType, message: string, pairs: string): void {
    this.#emit(LEVELS.indexOf(level), message, `,"type":"${type}"${pairs}`);
  }

  /** Whether values under these keys are written as they are, apart from secrets inside of texts. @param keys a list that stays the same */
  keeps(keys: readonly string[]): boolean {
    return this.#core.writer.keeps(keys);
  }

  /**
   * Writes a record that another logger made, whatever the level set here, with the running context.
   * @param time when it was made, milliseconds since the epoch
   */
  foreign(level: Level, time: number, message: string, fields: object): void {
    this.#imported(level, time, message, () => this.#bodyOrReason(undefined, fields));
  }

  /** As {@link foreign} for a record that names its trace and request itself: without the running context. */
  complete(level: Level, time: number, message: string, fields: object): void {
    this.#imported(level, time, message, () => this.#core.writer.fields(fields, RESERVED));
  }

  #imported(level: Level, time: number, message: string, body: () => string): void {
    const index = LEVELS.indexOf(level);
    const { guard } = this.#core;
    if (guard === undefined || index >= WARN || guard.admits(index, message)) {
      this.#emit(index, message, body(), Math.floor(time));
    }
  }

  /** A logger that adds `bindings` to every record. It shares level and sinks with this one. */
  child(bindings: Record<string, unknown>): Logger {
    return new Logger(() => this.#core, { ...this.#bindings, ...copyOf(bindings) });
  }

  /** Sets the least level that this logger, its parents and its children write. */
  setLevel(level: Level): void {
    const index = LEVELS.indexOf(level);
    if (index >= 0) {
      this.#core.threshold = index;
    }
  }

  isLevelEnabled(level: Level): boolean {
    return LEVELS.indexOf(level) >= this.#core.threshold;
  }

  /** Resolves with true when every record so far has left the process within `timeoutMs`. Never rejects. */
  async flush(timeoutMs = 5000): Promise<boolean> {
    this.#core.guard?.settle();
    return allOf(this.#core.sinks, (sink) => sink.flush(timeoutMs));
  }

  /** Flushes, then stops the sinks. Records written later are counted as dropped. */
  async close(timeoutMs = 5000): Promise<boolean> {
    this.#core.guard?.settle();
    return allOf(this.#core.sinks, (sink) => sink.close(timeoutMs));
  }

  #log(level: number, first: string | object, second: unknown, third: object | undefined): void {
    const { guard } = this.#core;
    if (guard !== undefined && level < WARN && !guard.admits(level, typeof first === 'string' ? first : second)) {
      return;
    }
    if (typeof first !== 'string') {
      this.#contextFirst(level, first, second);
    } else if (third === undefined && isObject(second) && !isError(second)) {
      this.#line(level, first, undefined, second);
    } else if (isError(second)) {
      this.#line(level, first, { fields: { error: second } }, third);
    } else {
      this.#line(level, first, undefined, contextOf(second, third));
    }
  }

  #contextFirst(level: number, context: unknown, message: unknown): void {
    if (isError(context)) {
      this.#line(level, message ?? context, { fields: { error: context } }, undefined);
    } else if (isObject(context)) {
      const error = errorIn(context);
      if (error === undefined) {
        this.#line(level, message ?? '', undefined, context);
      } else {
        this.#line(level, message ?? error, { fields: { error } }, copyOf(context, { err: undefined }));
      }
    } else {
      this.#line(level, context, undefined, contextOf(message, undefined));
    }
  }

  #logError(level: number, first: string | object, second: unknown, third: object | undefined): void {
    if (typeof first !== 'string') {
      this.#contextFirst(level, first, second);
    } else if (second === undefined || second === null) {
      this.#line(level, first, undefined, third);
    } else if (isObject(second) && !isError(second) && third === undefined) {
      this.#line(level, first, undefined, second);
    } else {
      const error = isObject(second) ? second : { name: typeof second, message: String(second) };
      this.#line(level, first, { fields: { error } }, third);
    }
  }

  #typed(level: number, message: string, overlay: Overlay, context: object | undefined): void {
    if (this.#core.threshold <= level) {
      this.#line(level, message, overlay, context);
    }
  }

  #line(level: number, message: unknown, overlay: Overlay | undefined, context: object | undefined): void {
    this.#emit(level, message, this.#bodyOrReason(overlay, context));
  }

  #emit(level: number, message: unknown, body: string, time?: number, worth?: number): void {
    emit(this.#core, level, message, body, time, worth);
  }

  #bodyOrReason(overlay: Overlay | undefined, context: object | undefined): string {
    try {
      return overlay === undefined ? this.#body(context) : this.#overlaid(overlay, context);
    } catch (error) {
      return `,"unreadable":${quote(describe(error))}`;
    }
  }

  #body(context: object | undefined): string {
    const scope = currentScope() ?? scopeOfSpan();
    if (scope === undefined && this.#bindingKeys.size === 0) {
      return context === undefined ? '' : this.#core.writer.fields(context, RESERVED);
    }
    const written = scope === undefined ? undefined : this.#scopeText(scope);
    if (scope !== undefined && this.#bindingKeys.size > 0 && sharesKey(scope.fields, this.#bindingKeys)) {
      return this.#merged(scope, context, RESERVED);
    }
    const inherited = this.#bindingText + (written?.text ?? '');
    if (context === undefined) {
      return inherited;
    }
    if (sharesKey(context, this.#bindingKeys) || (written !== undefined && sharesKey(context, written.keys))) {
      return this.#merged(scope, context, RESERVED);
    }
    return inherited + this.#core.writer.fields(context, RESERVED);
  }

  #scopeText(scope: Scope): NonNullable<Scope['written']> {
    if (scope.written?.by !== this.#core.writer) {
      const text = this.#core.writer.fields(scope.fields, RESERVED);
      scope.written = { by: this.#core.writer, text, keys: new Set(Object.keys(scope.fields)) };
    }
    return scope.written;
  }

  /** Nearest wins: context over scope over bindings; but identifiers of the scope and of bindings, and the fields of the record's type, stay. */
  #merged(scope: Scope | undefined, context: object | undefined, reserved: ReadonlySet<string>): string {
    const taken = new Set(reserved);
    const fields = scope?.fields ?? {};
    const ids: ScopeIds = {};
    for (const key of SCOPE_RESERVED) {
      const id = fields[key] ?? this.#bindings[key];
      if (id !== undefined) {
        ids[key] = id;
        taken.add(key);
      }
    }
    const { writer } = this.#core;
    const rest: Record<string, unknown> = { ...this.#bindings, ...fields, ...context };
    for (const key of SCOPE_RESERVED) {
      if (ids[key] !== undefined && rest[key] === ids[key]) {
        delete rest[key];
      }
    }
    return writer.fields(ids) + writer.fields(rest, taken);
  }

  #overlaid(overlay: Overlay, context: object | undefined): string {
    const taken = new Set(RESERVED);
    for (const key of Object.keys(overlay.fields)) {
      taken.add(key);
    }
    const type = overlay.type === undefined ? '' : `,"type":"${overlay.type}"`;
    const text = type + this.#core.writer.fields(overlay.fields);
    const scope = currentScope() ?? scopeOfSpan();
    if (scope === undefined && this.#bindingKeys.size === 0) {
      return context === undefined ? text : text + this.#core.writer.fields(context, taken);
    }
    return text + this.#merged(scope, context, taken);
  }
}

type ScopeIds = Partial<Record<(typeof SCOPE_RESERVED)[number], unknown>>;
