import type { Severity } from '@yumops/protocol';
import { z } from 'zod';
import type { Secret } from '../../lib/secret.ts';
import { durationShape, labelsShape } from '../../lib/section.ts';
import type { Assertion } from './assertion.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
export type HttpMethod = (typeof METHODS)[number];

/** Kinds of monitors that this version runs. */
export const MONITOR_KINDS = ['http', 'health'] as const;

/** Kinds that are described but not run by this version. */
export const LATER_KINDS = [
  'tcp',
  'tls',
  'dns',
  'domain',
  'ping',
  'postgres',
  'redis',
  'smtp',
  'websocket',
  'grpc',
  'steps',
  'browser',
  'heartbeat',
] as const;

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
  /** Why it cannot be checked (a variable of the environment that is not set), else null: its state is unknown. */
  broken: string | null;
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

/** `uptime:` as written. */
export const uptimeShape = z.strictObject({
  reference_targets: z
    .array(z.string().regex(/^.+:\d{1,5}$/, 'expected host:port'))
    .optional()
    .describe('host:port of machines that answer whenever our own network works; when none does, nothing is down'),
});

const commonKeys = {
  name: z.string().min(1).describe('Name of the monitor'),
  url: z.string().describe('http or https address'),
  check_interval: durationShape.optional().describe('Time between two checks; a number is seconds, default 60'),
  timeout: durationShape.optional().describe('For the whole check, body included; a number is seconds, default 30'),
  retries: z.int().nonnegative().optional().describe('Failed re-checks before it is down, default 1'),
  recovery: z.int().positive().optional().describe('Good checks before it is up again, default 1'),
  max_response_time: durationShape.optional().describe('Slower than this is degraded'),
  parent: z.string().optional().describe('Name of the monitor whose outage explains this one'),
  locations: z.array(z.string()).optional().describe('Not used by this version'),
  quorum: z.int().positive().optional().describe('Not used by this version'),
  allow_private: z
    .union([z.boolean(), z.array(z.string())], 'expected true, false or a list of addresses')
    .optional()
    .describe('Private addresses may be called, default true; link-local and metadata addresses only when listed'),
  severity: z.enum(['critical', 'warning', 'info']).optional().describe('How urgent its outage is, default critical'),
  notifications: z
    .array(z.unknown().meta({ type: 'object', minProperties: 1, maxProperties: 1 }))
    .optional()
    .describe('Who is told, as in alert rules'),
  escalation: z.string().optional().describe('Name of an escalation policy, default that of alert_settings'),
  paused: z.boolean().optional().describe('True = no checks'),
  labels: labelsShape.optional().describe('Labels added to its alerts'),
  runbook: z.string().optional().describe('Address or path of the instructions'),
  project: z.string().optional().describe('Project it belongs to'),
  environment: z.string().optional().describe('Environment it belongs to'),
};

const basicShape = z.strictObject({ username: z.string(), password: z.string() });

/** An item of `monitors:` of kind http, as written. */
export const httpMonitorShape = z.strictObject({
  ...commonKeys,
  kind: z.literal('http').optional(),
  method: z.enum(METHODS).optional().describe('Default GET'),
  headers: z.record(z.string(), z.string()).optional().describe('Sent with the request'),
  body: z.string().optional().describe('Sent with the request'),
  auth: z
    .strictObject({ bearer: z.string().optional(), basic: basicShape.optional() })
    .optional()
    .describe('One of bearer and basic'),
  expected_status: z
    .union(
      [z.int().min(100).max(599), z.array(z.int().min(100).max(599)).min(1)],
      'expected a status from 100 to 599 or a list of them',
    )
    .optional()
    .describe('One status or a list; any of them is good, default 200'),
  expected_text: z.string().optional().describe('Must occur in the body'),
  expected_json: z.unknown().optional().describe('Must be a subset of the JSON body; JSON text or a map'),
  follow_redirects: z.boolean().optional().describe('Default true, unless a 3xx is expected'),
  assertions: z.array(z.string()).optional().describe('Further demands, e.g. time < 500ms'),
});

/** An item of `monitors:` of kind health, as written. */
export const healthMonitorShape = z.strictObject({
  ...commonKeys,
  kind: z.literal('health'),
  token: z.string().optional().describe('Sent as Authorization: Bearer; use an environment reference or file:PATH'),
});

export type RawHttpMonitor = z.infer<typeof httpMonitorShape>;
export type RawHealthMonitor = z.infer<typeof healthMonitorShape>;
export type RawMonitor = RawHttpMonitor | RawHealthMonitor;

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
