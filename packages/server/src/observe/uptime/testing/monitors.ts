import { systemClock } from '../../../lib/clock.ts';
import { Secret } from '../../../lib/secret.ts';
import type { CheckContext, CheckResult } from '../check.ts';
import {
  type HealthMonitorConfig,
  type HttpMonitorConfig,
  MONITOR_SHAPES,
  type MonitorBase,
  type MonitorConfig,
  type MonitorKindName,
  type RawMonitor,
} from '../config.ts';
import { compileMonitor } from '../config-monitor.ts';
import { NO_BEATS } from '../kinds/heartbeat/beats.ts';
import { runCheck } from '../kinds/index.ts';
import { createResolver } from '../net/resolve.ts';
import type { JourneyRunner, PostgresProbe } from '../ports.ts';

function base(url: string): MonitorBase {
  return {
    id: 'api',
    name: 'API',
    url,
    target: url,
    intervalMs: 60_000,
    timeoutMs: 5_000,
    retries: 1,
    recovery: 1,
    maxResponseTimeMs: null,
    locations: [],
    quorum: 1,
    parent: null,
    allowPrivate: true,
    severity: 'critical',
    notifications: [],
    escalation: null,
    paused: false,
    labels: {},
    badge: false,
    ipVersion: null,
    runbook: null,
    project: null,
    environment: null,
    broken: null,
  };
}

/** An HTTP monitor with the product's defaults for a file on disk. */
export function httpMonitor(url: string, changes: Partial<HttpMonitorConfig> = {}): HttpMonitorConfig {
  return {
    ...base(url),
    kind: 'http',
    method: 'GET',
    headers: {},
    body: null,
    auth: null,
    tls: { ca: [], client: null },
    days: null,
    expectedStatus: [200],
    expectedText: null,
    expectedJson: undefined,
    assertions: [],
    followRedirects: true,
    ...changes,
  };
}

/** A health-report monitor with the product's defaults for a file on disk. */
export function healthMonitor(url: string, changes: Partial<HealthMonitorConfig> = {}): HealthMonitorConfig {
  return { ...base(url), kind: 'health', token: null, ...changes };
}

/** For tests that have no browser; those that have one bring the adapter. */
export const noJourneys: JourneyRunner = {
  run: () => Promise.reject(new Error('this test has no browser')),
};

/** For tests that have no Postgres; those that have one bring the adapter. */
export const noPostgres: PostgresProbe = {
  open: () => Promise.reject(new Error('this test has no Postgres')),
};

/** A context on the machine's own clock and resolver. */
export function checkContext(changes: Partial<CheckContext> = {}): CheckContext {
  return {
    clock: systemClock,
    resolve: createResolver(),
    postgres: noPostgres,
    journeys: noJourneys,
    beats: { read: async () => NO_BEATS },
    targets: {},
    ca: [],
    signal: new AbortController().signal,
    ...changes,
  };
}

/** A monitor of any kind from what stands in a file; what the configuration says against it is thrown. */
export function monitorOf(raw: { kind: MonitorKindName } & Record<string, unknown>): MonitorConfig {
  const written = MONITOR_SHAPES[raw.kind].parse({ name: 'API', timeout: '5s', ...raw }) as RawMonitor;
  const context = {
    targets: {},
    file: () => 'export default async () => undefined;',
    secret: (text: string) => ({ secret: new Secret(text), broken: null }),
    receivers: () => ({ notifications: [], escalation: null }),
  };
  return compileMonitor(written, context, ({ message }) => {
    throw new Error(message);
  });
}

/** Compiles a monitor and makes one check of it. */
export function checkOnce(
  raw: { kind: MonitorKindName } & Record<string, unknown>,
  context: Partial<CheckContext> = {},
): Promise<CheckResult> {
  return runCheck(monitorOf(raw), checkContext(context));
}
