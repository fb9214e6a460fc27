import { logger as defaultLogger } from '../logging/default-logger.ts';
import type { Logger } from '../logging/logger.ts';
import { activeSpan } from '../runtime/open-telemetry.ts';
import { pipeline, warnOnStderr } from '../runtime/pipeline.ts';
import type { Scope } from '../runtime/scope.ts';
import {
  type AddressResolver,
  addressResolver,
  normaliseAddress,
  type ProxyTrust,
  parseProxyTrust,
} from './client-address.ts';
import { ignoreTest } from './ignore-list.ts';
import { isRequestId, newRequestId } from './request-id.ts';
import { type RequestIdentity, SLOW_REQUEST } from './request-record.ts';
import { traceOf } from './trace-context.ts';

export interface RequestLogOptions {
  logger?: Logger;
  /** Whose forwarded headers are believed; default `YUMOPS_TRUST_PROXY`, then nobody's. */
  trustProxy?: ProxyTrust;
  /** Further paths, with all below them, or patterns that are not logged. Assets and health checks never are. */
  ignore?: readonly (string | RegExp)[];
  /** A request is flagged `slow` above this, milliseconds; default 2,000. */
  slowAfter?: number;
}

/** Options, completed and prepared once. */
export interface RequestPolicy {
  logger: Logger;
  trust: ProxyTrust;
  resolve: AddressResolver;
  ignored: (path: string) => boolean;
  slowAfter: number;
}

/** A trust that cannot be read trusts nobody, and says so. */
function trustOf(wanted: ProxyTrust): { trust: ProxyTrust; resolve: AddressResolver } {
  try {
    return { trust: wanted, resolve: addressResolver(wanted) };
  } catch (error) {
    warnOnStderr(`${error instanceof Error ? error.message : String(error)}; forwarded headers are ignored`);
    return { trust: false, resolve: addressResolver(false) };
  }
}

/** Completes the options by the environment. A trust that cannot be read is warned of, never thrown. */
export function requestPolicy(options: RequestLogOptions = {}): RequestPolicy {
  return {
    logger: options.logger ?? defaultLogger,
    ...trustOf(options.trustProxy ?? parseProxyTrust(pipeline().settings.trustProxy)),
    ignored: ignoreTest(options.ignore),
    slowAfter: options.slowAfter ?? SLOW_REQUEST,
  };
}

const FORWARDING = [
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
  'forwarded',
  'via',
  'cf-connecting-ip',
];

/** Works out a request's ids and client. A client's own request id is used only when it comes through a trusted proxy. */
export function identify(
  policy: RequestPolicy,
  peer: string | undefined,
  header: (name: string) => string | undefined,
): RequestIdentity {
  const ip = policy.resolve(peer, header);
  const sent = header('x-request-id');
  const viaProxy = policy.trust !== false && (!Array.isArray(policy.trust) || ip !== normaliseAddress(peer));
  const accepted = viaProxy && isRequestId(sent);
  return {
    requestId: accepted ? sent : newRequestId(Date.now()),
    clientRequestId: !accepted && isRequestId(sent) ? sent : undefined,
    trace: activeSpan() ?? traceOf(header('traceparent')),
    ip,
    peer,
    forwarded: FORWARDING.some((name) => header(name) !== undefined),
  };
}

/** What a request hands to everything that runs for it: fields of its log records, and where it comes from. */
export function scopeOf(identity: RequestIdentity): Scope {
  const { requestId, ip, trace, peer, forwarded } = identity;
  const fields = { requestId, traceId: trace.traceId, spanId: trace.spanId };
  return {
    fields: ip === undefined ? fields : { ...fields, ip },
    request: { route: undefined, peer, forwarded },
    written: undefined,
  };
}
