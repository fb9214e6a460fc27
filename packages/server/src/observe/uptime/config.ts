import type { Severity } from '@yumops/protocol';
import type { Secret } from '../../lib/secret.ts';
import type { Assertion } from './assertion.ts';

export type HttpMethod = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';

export type MonitorAuth = { kind: 'bearer'; token: Secret } | { kind: 'basic'; username: string; password: Secret };

/** Where messages about a monitor go, as written: `{slack: "#alerts"}` and so on. */
export interface MonitorReceiver {
  channel: string;
  target: string;
  /** Why nothing can be sent there, else null. */
  broken: string | null;
}

/** What every kind of monitor has. Times are in milliseconds. */
export interface MonitorBase {
  /** Stable over edits of everything but the name: the name in lower case with dashes. */
  id: string;
  name: string;
  /** As configured. */
  url: string;
  /** Where the check really goes: `url`, or its origin rewritten by `targets`. */
  target: string;
  intervalMs: number;
  /** For the whole check, body included. */
  timeoutMs: number;
  /** Failed re-checks before the monitor is down. */
  retries: number;
  /** Good checks before it is up again. */
  recovery: number;
  /** Slower than this is degraded. */
  maxResponseTimeMs: number | null;
  /** Name of the monitor whose outage explains this one's. */
  parent: string | null;
  /** Private addresses; a list names those that always need it (link-local, metadata). */
  allowPrivate: boolean | readonly string[];
  severity: Severity;
  notifications: readonly MonitorReceiver[];
  /** Name of a policy; null = the one of `alert_settings`. */
  escalation: string | null;
  paused: boolean;
  labels: Readonly<Record<string, string>>;
  runbook: string | null;
  project: string | null;
  environment: string | null;
}

/** An HTTP(S) monitor, ready to run. */
export interface HttpMonitorConfig extends MonitorBase {
  kind: 'http';
  method: HttpMethod;
  /** Values may come from `${ENV}` and are kept masked. */
  headers: Readonly<Record<string, Secret>>;
  body: string | null;
  auth: MonitorAuth | null;
  /** Any of these is good. */
  expectedStatus: readonly number[];
  /** Must occur in the decoded body. */
  expectedText: string | null;
  /** Must be a subset of the body's JSON; undefined = no expectation. */
  expectedJson: unknown;
  assertions: readonly Assertion[];
  followRedirects: boolean;
}

/** A monitor that reads an application's detailed health report. */
export interface HealthMonitorConfig extends MonitorBase {
  kind: 'health';
  /** Sent as `Authorization: Bearer`; null = none. */
  token: Secret | null;
}

export type MonitorConfig = HttpMonitorConfig | HealthMonitorConfig;

/**
 * Replaces the origin of `url` as `targets` says (`{"https://yumzoom.app": "http://127.0.0.1:3000"}`).
 * @returns the address to call, equal to `url` when no origin matches
 */
export function rewriteTarget(url: string, targets: Readonly<Record<string, string>>): string {
  const from = new URL(url);
  for (const [origin, replacement] of Object.entries(targets)) {
    if (new URL(origin).origin !== from.origin) continue;
    return `${new URL(replacement).origin}${from.pathname}${from.search}${from.hash}`;
  }
  return url;
}
