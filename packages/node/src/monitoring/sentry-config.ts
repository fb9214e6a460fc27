import { captureException } from '../errors/capture.ts';
import type { ErrorClient } from '../errors/client.ts';
import { type InitOptions, init } from '../errors/current.ts';
import { getCurrentScope } from '../errors/scope.ts';
import { startSpan } from '../errors/spans.ts';
import { pipeline } from '../runtime/pipeline.ts';

/**
 * Noise that no application can mend: a browser's own notice about layout, and requests that a person broke off by
 * leaving. Errors of loading chunks and of the network stay: they are how a broken deploy shows.
 */
const NOISE = [/ResizeObserver loop (?:limit exceeded|completed with undelivered notifications)/, /^AbortError: /];

/** Share of traces that are sent in production. */
const TRACES = 0.1;

/**
 * Begins to send errors with settings that suit most applications: release and environment from the environment's
 * variables, a tenth of the traces in production, known noise left out. Options win.
 */
export function initSentry(options: InitOptions = {}): ErrorClient | undefined {
  const { environment } = pipeline().settings;
  const client = init({
    tracesSampleRate: environment === 'production' ? TRACES : 1,
    ...options,
    ignoreErrors: [...NOISE, ...(options.ignoreErrors ?? [])],
  });
  getCurrentScope().setTags(options.initialScope?.tags ?? {});
  return client;
}

/**
 * Runs work and sends how long it took and whether it failed, as a span inside the one that runs. What it throws is
 * sent as an error and thrown on.
 * @returns what the work returns
 */
export async function trackPerformance<Result>(name: string, work: () => Result | Promise<Result>): Promise<Result> {
  return startSpan({ name, op: 'function' }, async () => {
    try {
      return await work();
    } catch (error) {
      captureException(error, { tags: { operation: name } });
      throw error;
    }
  });
}
