import { systemClock } from '../../../lib/clock.ts';
import type { CheckContext } from '../check.ts';
import type { HealthMonitorConfig, HttpMonitorConfig, MonitorBase } from '../config.ts';
import { createResolver } from '../net/resolve.ts';

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
    parent: null,
    allowPrivate: true,
    severity: 'critical',
    notifications: [],
    escalation: null,
    paused: false,
    labels: {},
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

/** A context on the machine's own clock and resolver. */
export function checkContext(changes: Partial<CheckContext> = {}): CheckContext {
  return {
    clock: systemClock,
    resolve: createResolver(),
    targets: {},
    ca: [],
    signal: new AbortController().signal,
    ...changes,
  };
}
