import { logger as defaultLogger } from '../logging/default-logger.ts';
import type { Logger } from '../logging/logger.ts';
import { activeSpan } from '../runtime/open-telemetry.ts';
import { pipeline, warnOnStderr } from '../runtime/pipeline.ts';
import type { Scope } from '../runtime/scope.ts';
import {
  type AddressResolver,
  addressResolver,
  type HeaderLookup,
  normaliseAddress,
  type ProxyTrust,
  parseProxyTrust,
} from './client-address.ts';
import { ignoreTest } from './ignore-list.ts';
import { isRequestId, newRequestId } from './request-id.ts';
import { type RequestMetrics, requestMetrics } from './request-metrics.ts';
import { type RequestIdentity, SLOW_REQUEST } from './request-record.ts';
import { AdaptiveSampler } from './request-sampling.ts';
import { traceOf } from './trace-context.ts';

export interface RequestLogOptions {
  logger?: Logger;
  /** Whose forwarded headers are believed; default `YUMOPS_TRUST_PROXY`, then nobody's. */
  trustProxy?: ProxyTrust;
  /** Further paths, with all below them, or patterns that are not logged. Assets and health checks never are. */
  ignore?: readonly (string | RegExp)[];
  /** A request is flagged `slow` above this, milliseconds; default 2,000. */
  slowAfter?: number;
  /** Statuses whose line is a warning; default none: what a client did wrong is no trouble of the application. */
  warnOn?: '4xx' | readonly number[];
  /** Writes about so many lines of ordinary requests a second; errors, warnings, aborted and slow ones always. Default all. */
  sampling?: { perSecond: number };
}

/** Options, completed and prepared once. */
export interface RequestPolicy {
  logger: Logger;
  trust: ProxyTrust;
  resolve: AddressResolver;
  ignored: (path: string) => boolean;
  slowAfter: number;
  /** Whether a status below 500 is a warning. */
  warns: (status: number) => boolean;
  /** Where not all requests get a line: which do, and what all are counted by. */
  sampling: { sampler: AdaptiveSampler; metrics: RequestMetrics } | undefined;
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
    warns: warningTest(options.warnOn),
    sampling: options.sampling && {
      sampler: new AdaptiveSampler(options.sampling.perSecond),
      metrics: requestMetrics(),
    },
  };
}

function warningTest(wanted: RequestLogOptions['warnOn']): RequestPolicy['warns'] {
  if (wanted === undefined) return () => false;
  return wanted === '4xx' ? (status) => status >= 400 : (status) => wanted.includes(status);
}

/** What a request's headers say about where it comes from. */
export interface SentHeads {
  requestId: string | undefined;
  traceparent: string | undefined;
  tracestate: string | undefined;
  /** Whether headers of a proxy came along. */
  forwarded: boolean;
}

/** Headers that proxies add. */
const FORWARDING = [
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
  'forwarded',
  'via',
  'cf-connecting-ip',
];

/** Whether a proxy's header came along. */
export function hasForwardedHeader(header: HeaderLookup): boolean {
  return FORWARDING.some((name) => header(name) !== undefined);
}

/** Reads the headers that {@link identify} asks for, one by one. */
export function headsBy(header: HeaderLookup): SentHeads {
  return {
    requestId: header('x-request-id'),
    traceparent: header('traceparent'),
    tracestate: header('tracestate'),
    forwarded: hasForwardedHeader(header),
  };
}

/** Works out a request's ids and client. A client's own request id is used only when it comes through a trusted proxy. */
export function identify(
  policy: RequestPolicy,
  peer: string | undefined,
  header: HeaderLookup,
  heads: SentHeads = headsBy(header),
): RequestIdentity {
  const ip = policy.resolve(peer, header);
  const sent = isRequestId(heads.requestId) ? heads.requestId : undefined;
  const viaProxy = policy.trust !== false && (!Array.isArray(policy.trust) || ip !== normaliseAddress(peer));
  const accepted = viaProxy ? sent : undefined;
  return {
    requestId: accepted ?? newRequestId(Date.now()),
    ownId: accepted === undefined,
    clientRequestId: accepted === undefined ? sent : undefined,
    trace: activeSpan() ?? traceOf(heads.traceparent, heads.tracestate),
    ip,
    peer,
    forwarded: heads.forwarded,
  };
}

/** What a request hands to everything that runs for it: fields of its log records, and where it comes from. */
export function scopeOf(identity: RequestIdentity): Scope {
  const { requestId, ip, peer, forwarded } = identity;
  const { traceId, spanId, sampled, state } = identity.trace;
  return {
    fields: ip === undefined ? { requestId, traceId, spanId } : { requestId, traceId, spanId, ip },
    request: {
      ...{ route: undefined, peer, forwarded, sampled },
      ...(state === undefined ? {} : { tracestate: { traceId, value: state } }),
    },
    written: undefined,
  };
}
