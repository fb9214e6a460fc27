import type { Scope } from './scope.ts';
import { shared } from './shared.ts';

/** How a request went for whoever sent it: without an error, with one that was dealt with, or cut off by one that nobody caught. */
export type RequestOutcome = 'exited' | 'errored' | 'crashed';

const listening = shared('request-ends', () => ({
  told: undefined as ((outcome: RequestOutcome) => void) | undefined,
}));

/** Lets `told` know of each request that ends; the last one given counts. */
export function onRequestEnd(told: ((outcome: RequestOutcome) => void) | undefined): void {
  listening.told = told;
}

/** Tells that a request has ended. */
export function requestEnded(scope: Scope, statusCode: number): void {
  listening.told?.(scope.request?.failure ?? (statusCode >= 500 ? 'errored' : 'exited'));
}
