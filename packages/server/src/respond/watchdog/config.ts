import { z } from 'zod';
import { type Report, within } from '../../lib/finding.ts';
import type { Secret, SecretReader } from '../../lib/secret.ts';
import { durationShape, readDuration } from '../../lib/section.ts';

/** A receiver that the watchdog tells by itself. */
export interface WatchdogReceiver {
  channel: string;
  target: string;
  /** Why nothing can be sent there; null when it works. */
  broken: string | null;
}

/** Where the platform proves that it works. */
export interface Heartbeat {
  name: string;
  url: Secret;
  /** Why it must not be called; null when it may. */
  broken: string | null;
}

/** What watches the platform from outside. Times in ms. */
export interface WatchdogConfig {
  everyMs: number;
  /** After so many beats that do not come the watchdog tells. */
  misses: number;
  /** Signs the beats; null = they are not signed. */
  secret: Secret | null;
  heartbeats: readonly Heartbeat[];
  /** Where `yumops watchdog` listens; null = it does not run. */
  listen: { host: string; port: number } | null;
  notify: readonly WatchdogReceiver[];
}

export const watchdogShape = z.strictObject({
  every: durationShape.optional().describe('Between two beats, default 60s'),
  misses: z.int().positive().optional().describe('Beats that do not come before the watchdog tells, default 3'),
  secret: z.string().optional().describe('Signs the beats; use an environment reference or file:PATH'),
  heartbeats: z
    .record(z.string().min(1), z.string())
    .optional()
    .describe('Addresses by name that get a beat: that of `yumops watchdog`, or of a service for heartbeats'),
  listen: z.string().optional().describe('host:port on which `yumops watchdog` listens'),
  notify: z.array(z.unknown()).optional().describe('Whom `yumops watchdog` tells, as notifications of a rule'),
});

export type RawWatchdog = z.infer<typeof watchdogShape>;

/** What compiling the section needs of the rest of the configuration. */
export interface WatchdogContext {
  secret: SecretReader;
  receivers(items: readonly unknown[], report: Report): readonly WatchdogReceiver[];
}

const EVERY_MS = 60_000;
const SHORTEST_MS = 500;
const MISSES = 3;

/** Compiles `watchdog:`; null when the section is empty. Reports E103. */
export function compileWatchdog(raw: RawWatchdog, context: WatchdogContext, report: Report): WatchdogConfig | null {
  if (Object.keys(raw).length === 0) return null;
  const heartbeats = Object.entries(raw.heartbeats ?? {}).map(([name, text]): Heartbeat => {
    const { secret: url, broken } = context.secret(text, ['heartbeats', name]);
    return { name, url, broken: broken ?? addressProblem(url, within(report, 'heartbeats', name)) };
  });
  return {
    everyMs: readDuration(raw.every, ['every'], report, SHORTEST_MS) ?? EVERY_MS,
    misses: raw.misses ?? MISSES,
    secret: raw.secret === undefined ? null : context.secret(raw.secret, ['secret']).secret,
    heartbeats,
    listen: raw.listen === undefined ? null : readListen(raw.listen, report),
    notify: context.receivers(raw.notify ?? [], within(report, 'notify')),
  };
}

function addressProblem(url: Secret, report: Report): string | null {
  if (URL.canParse(url.reveal()) && /^https?:$/.test(new URL(url.reveal()).protocol)) return null;
  const suggestion = 'write one that begins with https:// or http://';
  report({ code: 'E103', path: [], message: 'this is not an address', suggestion });
  return 'its address is not valid';
}

function readListen(text: string, report: Report): WatchdogConfig['listen'] {
  const [, host = '', port = ''] = /^(.+):(\d{1,5})$/.exec(text) ?? [];
  if (host !== '' && Number(port) < 65_536) return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
  const suggestion = 'write for example 127.0.0.1:4610';
  report({ code: 'E103', path: ['listen'], message: `"${text}" is no host and port`, suggestion });
  return null;
}
