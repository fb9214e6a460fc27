import { createHash, timingSafeEqual } from 'node:crypto';
import { BlockList, isIP } from 'node:net';
import { normaliseAddress } from '../middleware/client-address.ts';
import { pipeline } from '../runtime/pipeline.ts';
import { isStopping } from '../runtime/readiness.ts';
import { currentScope } from '../runtime/scope.ts';
import type { HealthStatus } from './health-check.ts';
import type { HealthMonitor, HealthReport } from './health-monitor.ts';

/** A WHATWG handler: `export const GET = healthHandler(monitor)` is a whole Next.js route. */
export type HealthHandler = (request?: Request) => Promise<Response>;

export interface DetailOptions {
  /** Bearer token that opens the report; default `HEALTH_TOKEN`. Without one only private addresses may read it. */
  token?: string;
}

const NO_CACHE = { 'cache-control': 'no-cache, no-store, must-revalidate' };
const STATUS_CODES: Record<HealthStatus, number> = { healthy: 200, degraded: 202, unhealthy: 503 };
const STANDARD: Record<HealthStatus, string> = { healthy: 'pass', degraded: 'warn', unhealthy: 'fail' };

const PRIVATE = new BlockList();
for (const [network, bits] of [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const) {
  PRIVATE.addSubnet(network, bits, 'ipv4');
}
PRIVATE.addAddress('::1', 'ipv6');
PRIVATE.addSubnet('fc00::', 7, 'ipv6');

const digest = (text: string) => createHash('sha256').update(text).digest();

function hasToken(request: Request | undefined, token: string | undefined): boolean {
  const sent = /^Bearer (.+)$/i.exec(request?.headers.get('authorization') ?? '')?.[1];
  return token !== undefined && sent !== undefined && timingSafeEqual(digest(sent), digest(token));
}

/** Whether the connection itself comes from a private address. Behind a proxy nothing is known about that, so it is not. */
function isPrivateConnection(): boolean {
  const seen = currentScope()?.request;
  const address = seen?.forwarded === false ? normaliseAddress(seen.peer) : undefined;
  return address !== undefined && PRIVATE.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6');
}

function json(body: unknown, status: number, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json', ...NO_CACHE, ...headers },
  });
}

function text(body: string, status: number): Response {
  return new Response(`${body}\n`, { status, headers: { 'content-type': 'text/plain; charset=utf-8', ...NO_CACHE } });
}

/** `{"status":"healthy"}` with 200, or 503 when a critical check is unhealthy. For anyone to read. */
export function healthHandler(monitor: HealthMonitor): HealthHandler {
  return async () => {
    const healthy = await monitor.canServe();
    return json({ status: healthy ? 'healthy' : 'unhealthy' }, healthy ? 200 : 503);
  };
}

/** Wraps a handler of details: 401 without the token, unless the connection comes from a private address. */
function guarded(options: DetailOptions, answer: () => Promise<Response>): HealthHandler {
  return async (request) => {
    const token = options.token ?? pipeline().settings.healthToken;
    if (hasToken(request, token) || isPrivateConnection()) {
      return answer();
    }
    return json({ error: { code: 'unauthorized', message: 'Send the health token as a bearer token.' } }, 401, {
      'www-authenticate': 'Bearer',
    });
  };
}

/** The guide's report: 200 healthy, 202 degraded, 503 unhealthy. */
export function detailedHealthHandler(monitor: HealthMonitor, options: DetailOptions = {}): HealthHandler {
  return guarded(options, async () => {
    const report = await monitor.report();
    return json(report, STATUS_CODES[report.status], { 'x-health-check': report.status });
  });
}

function standardForm(report: HealthReport) {
  const checks = Object.entries(report.checks).map(([name, check]) => [
    `${name}:responseTime`,
    [
      {
        componentType: name === 'memory' || name === 'cpu' || name === 'event-loop' ? 'system' : 'component',
        observedValue: check.responseTime,
        observedUnit: 'ms',
        status: STANDARD[check.status],
        time: check.lastChecked.toISOString(),
        ...(typeof check.details?.['error'] === 'string' ? { output: check.details['error'] } : {}),
      },
    ],
  ]);
  return {
    status: STANDARD[report.status],
    version: report.version,
    releaseId: report.version,
    checks: Object.fromEntries(checks),
  };
}

/** The report as `application/health+json`: 200 for pass and warn, 503 for fail. */
export function standardHealthHandler(monitor: HealthMonitor, options: DetailOptions = {}): HealthHandler {
  return guarded(options, async () => {
    const report = await monitor.report();
    return json(standardForm(report), report.status === 'unhealthy' ? 503 : 200, {
      'content-type': 'application/health+json',
    });
  });
}

/** Liveness: 200 while the process answers at all. It never looks at a dependency. */
export function livezHandler(): HealthHandler {
  return async () => text('ok', 200);
}

/** Readiness: 503 while a critical check is unhealthy and from the moment the process is told to stop. */
export function readyzHandler(monitor?: HealthMonitor): HealthHandler {
  return async () => {
    if (isStopping()) {
      return text('stopping', 503);
    }
    const ready = monitor === undefined || (await monitor.canServe());
    return text(ready ? 'ok' : 'not ready', ready ? 200 : 503);
  };
}
