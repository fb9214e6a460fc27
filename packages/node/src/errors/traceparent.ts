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
