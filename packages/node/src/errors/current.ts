import { isError } from '../logging/error-test.ts';
import { definedOnly } from '../runtime/defined-only.ts';
import { pipeline, warnOnStderr } from '../runtime/pipeline.ts';
import { shared } from '../runtime/shared.ts';
import { type ClientOptions, ErrorClient } from './client.ts';
import { dsnOf, parseDsn } from './dsn.ts';
import { type Integrations, listOf } from './integrations.ts';

export interface InitOptions extends Omit<ClientOptions, 'dsn'> {
  /** Where errors go; left out = `SENTRY_DSN`, else `YUMOPS_URL` with `YUMOPS_KEY`. */
  dsn?: string | undefined;
  /** Address of YumOps, in place of a DSN; default `YUMOPS_URL`. */
  endpoint?: string | undefined;
  /** Key for `endpoint`; default `YUMOPS_KEY`. */
  key?: string | undefined;
  /** False = nothing is sent. */
  enabled?: boolean;
  initialScope?: { tags?: Record<string, unknown> };
  /** Further parts; those that Sentry's SDKs have by default need not be named. */
  integrations?: Integrations;
}

const state = shared('errors', () => ({
  client: undefined as ErrorClient | undefined,
  watching: false,
  closed: false,
}));

const LIMIT = 3_000;

/** The client of this process; undefined before `init` and where nothing says where errors go. */
export function currentClient(): ErrorClient | undefined {
  return state.client;
}

/**
 * Begins to send errors: those that are captured, and those that nobody caught. A second call replaces the settings.
 * Without a DSN every call is harmless, and one line on stderr says so.
 */
export function init(options: InitOptions = {}): ErrorClient | undefined {
  state.closed = false;
  const client = open(options);
  if (client !== undefined) {
    watchUncaught();
  }
  return client;
}

/** The client of this process, opened by the environment where `init` was not called: for what is told beside errors. */
export function ensureClient(): ErrorClient | undefined {
  if (!state.closed) state.client ??= open({});
  return state.client;
}

function open(options: InitOptions): ErrorClient | undefined {
  const { dsn: given, endpoint, key, enabled = true, initialScope: _, integrations, ...rest } = options;
  const { settings } = pipeline();
  if (!enabled || settings.building) {
    return undefined;
  }
  const own = dsnOf(endpoint ?? settings.url, key ?? settings.key);
  const text = given ?? (endpoint === undefined ? (settings.dsn ?? own) : own);
  const dsn = parseDsn(text);
  if (dsn === undefined) {
    warnOnStderr(`${text === undefined ? 'no DSN is set' : 'the DSN is not one'}: errors are not sent`);
    return undefined;
  }
  const { release, environment, service, commit } = settings;
  state.client?.sessions?.stop();
  const client = new ErrorClient({ release, environment, service, commit, ...definedOnly(rest), dsn });
  state.client = client;
  for (const one of listOf(integrations)) client.addIntegration(one);
  return client;
}

/** The process still ends as it would without us; what waits is sent by a child when the event loop is gone. */
function watchUncaught(): void {
  if (state.watching) {
    return;
  }
  state.watching = true;
  process.on('uncaughtExceptionMonitor', (error, origin) => {
    const type = origin === 'unhandledRejection' ? 'onunhandledrejection' : 'onuncaughtexception';
    state.client?.captureException(error, { level: 'fatal' }, { type, handled: false });
    state.client?.sessions?.crashed();
  });
  watchRejections();
  let ended = false;
  process.on('beforeExit', () => {
    // Sending keeps the process a moment, after which it ends once more.
    if (!ended) state.client?.sessions?.ended();
    ended = true;
    void state.client?.sender.flush(LIMIT);
  });
  process.on('exit', () => {
    state.client?.sessions?.flush();
    state.client?.sender.deliverSync(LIMIT);
  });
}

/** An abort, and what Next.js rejects with where the client went away: nobody waits for the work any more. */
const ABORTS: ReadonlySet<string> = new Set(['AbortError', 'ResponseAborted']);

/**
 * A rejection that nobody caught ends the process, and comes to the monitor of exceptions, only where nobody listens to rejections. A
 * listener of our own, which is there as long as one of the application, takes the others and changes nothing of that. Aborts that such a listener takes, as that of Next.js does for each client that
 * goes away, are no errors.
 */
function watchRejections(): void {
  const event = 'unhandledRejection';
  const told = (reason: unknown) => {
    if (isError(reason) && ABORTS.has(reason.name)) return;
    state.client?.captureException(reason, {}, { type: 'onunhandledrejection', handled: false });
  };
  const listen = () => {
    if (!process.listeners(event).includes(told)) process.on(event, told);
  };
  if (process.listenerCount(event) > 0) listen();
  process.on('newListener', (name, listener) => {
    if (name === event && listener !== told) listen();
  });
  process.on('removeListener', (name) => {
    if (name === event && process.listenerCount(event) === 1) process.off(event, told);
  });
}

/** Sends what waits, and nothing from then on. @returns false when `timeoutMs` was too short */
export async function closeClient(timeoutMs: number): Promise<boolean> {
  const { client } = state;
  state.client = undefined;
  state.closed = true;
  client?.sessions?.stop();
  return (await client?.sender.flush(timeoutMs)) ?? true;
}
