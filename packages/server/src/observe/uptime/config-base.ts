import type { Severity } from '@yumops/protocol';
import { z } from 'zod';
import { durationShape, labelsShape } from '../../lib/section.ts';

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
  /** What is checked, as people see it: an address as configured, or `kind://host`. Without a password. */
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
  /** Places that it is checked from; empty = where the platform itself is. */
  locations: readonly string[];
  /** Places that must see it down before it is down. */
  quorum: number;
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
  /** Whoever knows the address may see its badges. */
  badge: boolean;
  /** Only addresses of this version are called; null = either. */
  ipVersion: 4 | 6 | null;
  runbook: string | null;
  project: string | null;
  environment: string | null;
  /** Why it cannot be checked (a variable of the environment that is not set), else null: its state is unknown. */
  broken: string | null;
}

/** The name of a place that checks are made from. */
export const locationShape = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,49}$/, 'expected a short name such as fra or us-east-1');

/** Keys of every kind. */
export const commonKeys = {
  name: z.string().min(1).describe('Name of the monitor'),
  check_interval: durationShape.optional().describe('Time between two checks; a number is seconds, default 60'),
  timeout: durationShape.optional().describe('For the whole check, body included; a number is seconds, default 30'),
  retries: z.int().nonnegative().optional().describe('Failed re-checks before it is down, default 1'),
  recovery: z.int().positive().optional().describe('Good checks before it is up again, default 1'),
  max_response_time: durationShape.optional().describe('Slower than this is degraded'),
  parent: z.string().optional().describe('Name of the monitor whose outage explains this one'),
  locations: z
    .array(locationShape)
    .min(1)
    .optional()
    .describe('Places to check from, of probe agents or of the platform itself; default the latter alone'),
  quorum: z
    .int()
    .positive()
    .optional()
    .describe('Places that must see it down before it is down, default more than half'),
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
  badge: z.boolean().optional().describe('True = its badges are public, at /badge/ID/state.svg and the like'),
  ip_version: z
    .union([z.literal(4), z.literal(6)], 'expected 4 or 6')
    .optional()
    .describe('Call addresses of this version alone, default either'),
  runbook: z.string().optional().describe('Address or path of the instructions'),
  project: z.string().optional().describe('Project it belongs to'),
  environment: z.string().optional().describe('Environment it belongs to'),
};

/** `url` of the kinds that call a web address. */
export const urlKey = { url: z.string().describe('http or https address') };

/** `host` of the kinds that call a machine. */
export const hostKey = { host: z.string().min(1).describe('Name or address of the machine') };

export const portShape = z.int().min(1).max(65_535);

/** What is written of every kind. */
export type RawBase = z.infer<z.ZodObject<typeof commonKeys>>;
