import { cleanUrl } from './identity.ts';
import type { Watch } from './options.ts';

const MOST = 50;
/** Says nothing: a script of another origin, a warning of the layout engine, extensions of the person's browser. */
const NOISE = [/^Script error\.?$/, /ResizeObserver loop/, /(?:chrome|moz|safari|safari-web)-extension:\/\//];

/** Reports errors that nobody caught. @returns what reports one by hand */
export function watchErrors(watch: Watch): (error: unknown, handled: boolean, mechanism?: string) => void {
  const seen = new Map<string, number>();
  const capture = (thrown: unknown, handled: boolean, mechanism = 'generic') => {
    const error = thrown instanceof Error ? thrown : new Error(textOf(thrown));
    const stack = thrown instanceof Error ? (error.stack ?? '') : '';
    const text = `${error.name}: ${error.message}\n${stack}`;
    const ignored = [...NOISE, ...(watch.options.ignoreErrors ?? [])].some(
      (pattern) => pattern.test(error.message) || pattern.test(stack),
    );
    const times = (seen.get(text) ?? 0) + 1;
    if (ignored || times > 3 || seen.size >= MOST) return;
    seen.set(text, times);
    const { name: type, message } = error;
    watch.add({ kind: 'error', type, message, stack, handled, mechanism, traceId: watch.traceId, ...debugIds(stack) });
  };
  const onError = (event: ErrorEvent | globalThis.Event) => {
    if (event instanceof ErrorEvent) capture(event.error ?? event.message, false, 'onerror');
    else captureResource(event.target, capture);
  };
  const onRejection = (event: PromiseRejectionEvent) => capture(event.reason, false, 'onunhandledrejection');
  addEventListener('error', onError, true);
  addEventListener('unhandledrejection', onRejection);
  watch.onStop(() => {
    removeEventListener('error', onError, true);
    removeEventListener('unhandledrejection', onRejection);
  });
  return capture;
}

function textOf(thrown: unknown): string {
  if (typeof thrown === 'string') return thrown;
  try {
    return `Not an error was thrown: ${JSON.stringify(thrown)}`.slice(0, 1_000);
  } catch {
    return 'Not an error was thrown.';
  }
}

function captureResource(
  target: EventTarget | null,
  capture: (error: unknown, handled: boolean, mechanism: string) => void,
): void {
  const address =
    target instanceof HTMLScriptElement ? target.src : target instanceof HTMLLinkElement ? target.href : '';
  if (address === '') return;
  const error = new Error(`${cleanUrl(address)} could not be loaded.`);
  error.name = 'ResourceError';
  error.stack = '';
  capture(error, false, 'resource');
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
