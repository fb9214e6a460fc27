import { chance, cleanUrl } from './identity.ts';
import type { Watch } from './options.ts';

/** Different errors of one page view, and how often each. */
const MOST = 50;
const MOST_ALIKE = 3;
const MOST_STACK = 16_384;
const MOST_MESSAGE = 4_096;
/** Says nothing: a script of another origin, a warning of the layout engine, extensions of the person's browser. */
const NOISE = [/^Script error\.?$/, /ResizeObserver loop/, /(?:chrome|moz|safari|safari-web)-extension:\/\//];

/** What is known of an error beside itself. */
export interface ErrorContext {
  handled: boolean;
  /** Who caught it. */
  mechanism: string;
  /** Where the script is that threw, for an error that does not say it itself. */
  file?: string | undefined;
  /** The components that it happened in, as React tells them. */
  componentStack?: string | undefined;
}

export type Capture = (thrown: unknown, context: ErrorContext) => void;

/** Reports errors that nobody caught, each object once and alike ones a few times. @returns what reports one by hand */
export function watchErrors(watch: Watch): Capture {
  const { errorSampleRate, ignoreErrors = [] } = watch.options;
  const ignored = [...NOISE, ...ignoreErrors];
  const seen = new Map<string, number>();
  const told = new WeakSet<Error>();
  const capture: Capture = (thrown, { file = '', ...context }) => {
    const error = thrown instanceof Error ? thrown : new Error(textOf(thrown));
    if (told.has(error)) return;
    told.add(error);
    const stack = thrown instanceof Error ? (error.stack ?? '').slice(0, MOST_STACK) : '';
    const message = error.message.slice(0, MOST_MESSAGE);
    const noise = ignored.some((pattern) => [message, stack, file].some((text) => text.search(pattern) >= 0));
    if (noise || !chance(errorSampleRate)) return;
    if (isOneTooMany(seen, `${error.name}: ${message}\n${stack}`)) {
      watch.drop();
      return;
    }
    watch.add({
      ...{ kind: 'error', type: error.name, message, stack, traceId: watch.traceId },
      ...{ ...context, ...debugIds(stack) },
    });
  };
  const onError = (event: ErrorEvent | globalThis.Event) => {
    if (event instanceof ErrorEvent) {
      capture(event.error ?? event.message, { handled: false, mechanism: 'onerror', file: event.filename });
    } else captureResource(event.target, capture);
  };
  const onRejection = (event: PromiseRejectionEvent) =>
    capture(event.reason, { handled: false, mechanism: 'onunhandledrejection' });
  addEventListener('error', onError, true);
  addEventListener('unhandledrejection', onRejection);
  watch.onStop(() => {
    removeEventListener('error', onError, true);
    removeEventListener('unhandledrejection', onRejection);
  });
  return capture;
}

/** Counts an error of this text. @returns whether there were enough like it, or enough different ones */
function isOneTooMany(seen: Map<string, number>, text: string): boolean {
  const times = (seen.get(text) ?? 0) + 1;
  if (times > MOST_ALIKE || (times === 1 && seen.size >= MOST)) return true;
  seen.set(text, times);
  return false;
}

function textOf(thrown: unknown): string {
  if (typeof thrown === 'string') return thrown;
  try {
    return `Not an error was thrown: ${JSON.stringify(thrown)}`.slice(0, 1_000);
  } catch {
    return 'Not an error was thrown.';
  }
}

/** Reports a script, a style sheet or an image that could not be loaded. */
function captureResource(target: EventTarget | null, capture: Capture): void {
  const address =
    target instanceof HTMLScriptElement || target instanceof HTMLImageElement
      ? target.src
      : target instanceof HTMLLinkElement
        ? target.href
        : '';
  if (address === '') return;
  const error = new Error(`${cleanUrl(address)} could not be loaded.`);
  error.name = 'ResourceError';
  error.stack = '';
  capture(error, { handled: false, mechanism: 'resource', file: address });
}

/** Ids of the source maps of the files in the stack, which bundlers and their plugins leave on the page. */
function debugIds(stack: string): { debugIds?: Record<string, string> } {
  const { _debugIds, _sentryDebugIds } = globalThis as {
    [name in '_debugIds' | '_sentryDebugIds']?: Record<string, string>;
  };
  const ids: Record<string, string> = {};
  for (const [place, id] of Object.entries({ ..._debugIds, ..._sentryDebugIds })) {
    const file = /((?:https?|file):\/\/[^\s)]+?):\d+:\d+/.exec(place)?.[1];
    if (file !== undefined && stack.includes(file)) ids[file] = id;
  }
  return Object.keys(ids).length > 0 ? { debugIds: ids } : {};
}
