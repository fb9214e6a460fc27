import { currentScope } from '../runtime/scope.ts';
import { getActiveSpan } from './spans.ts';

const IDS = /^(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}$/;

/**
 * The running span, else the running request, as the parent of what it calls, in the form of W3C Trace Context
 * (https://www.w3.org/TR/trace-context); undefined where there is neither.
 */
export function traceparent(): string | undefined {
  const scope = currentScope();
  const { traceId, spanId } = getActiveSpan() ?? scope?.fields ?? {};
  const ids = `${traceId}-${spanId}`;
  return IDS.test(ids) ? `00-${ids}-${scope?.request?.sampled === false ? '00' : '01'}` : undefined;
}

/** The headers that carry the trace on, as names and values; `tracestate` is of the running request, and goes with its trace alone. */
export function traceHeaders(): [name: string, value: string][] {
  const parent = traceparent();
  if (parent === undefined) {
    return [];
  }
  const state = currentScope()?.request?.tracestate;
  const isOfTrace = state !== undefined && parent.startsWith(`00-${state.traceId}-`);
  return [['traceparent', parent], ...(isOfTrace ? ([['tracestate', state.value]] as [string, string][]) : [])];
}
