import { requestLogger } from '../middleware/express.ts';
import * as calls from './capture.ts';
import { currentClient } from './current.ts';
import { expressErrorHandler } from './framework-errors.ts';
import { getCurrentScope, type Scope, withScope } from './scope.ts';
import { Span, type SpanOptions } from './spans.ts';

/** The client, or undefined before `init`. */
export const getClient = currentClient;

/** Whether `init` found where errors go. */
export function isInitialized(): boolean {
  return currentClient() !== undefined;
}
export const isEnabled = isInitialized;

/** The running scope: there is no further one for isolation. */
export const getIsolationScope = getCurrentScope;
export const withIsolationScope = withScope;

/** Changes the running scope, as version 7 had it. */
export function configureScope(change: (scope: Scope) => void): void {
  change(getCurrentScope());
}

/** A whole trace by the name of version 7: `const t = startTransaction({ name, op }); …; t.finish()`. */
export function startTransaction(options: SpanOptions): Span {
  return new Span(options, undefined);
}

/** A user's words, as versions before 9 had them. */
export function captureUserFeedback(words: {
  event_id: string;
  name?: string;
  email?: string;
  comments: string;
}): void {
  const { event_id: associatedEventId, comments: message, name, email } = words;
  calls.captureFeedback({ message, associatedEventId, ...(name && { name }), ...(email && { email }) });
}

/** Middleware of Express, as version 7 had it: what knows each request, before the routes; what sends errors, after them. */
export const Handlers = { requestHandler: () => requestLogger(), errorHandler: expressErrorHandler };

const hub = { ...calls, configureScope, getClient, getScope: getCurrentScope, startTransaction, withScope };

/** What version 7 and those before it had the calls on. */
export type Hub = typeof hub & { run<Result>(work: (hub: Hub) => Result): Result };

/** The hub of the running work: the same calls, which go to the client and the running scope. */
export function getCurrentHub(): Hub {
  return { ...hub, run: (work) => withScope(() => work(getCurrentHub())) };
}
