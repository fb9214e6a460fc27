import { z } from 'zod';
import { type Deed, parseJson } from '../deed.ts';
import { alertIdOfKey } from '../episode-key.ts';

const shape = z.object({
  action: z.string(),
  source: z.object({ name: z.string().nullish(), type: z.string().nullish() }).nullish(),
  alert: z.object({ alias: z.string().nullish(), username: z.string().nullish() }),
});

const ACTIONS: Readonly<Record<string, Deed['action']>> = { Acknowledge: 'acknowledge', Close: 'resolve' };

/** What our own requests name as their source, and who acts where no person does. */
const NOBODY: ReadonlySet<string> = new Set(['YumOps', 'System']);

/**
 * What a person did to an alert in Opsgenie, as its webhook tells; undefined for other actions, for alerts of others, and
 * for what we did there ourselves.
 */
export function readOpsgenieDeed(rawBody: string): Deed | undefined {
  const read = shape.safeParse(parseJson(rawBody));
  if (!read.success) return undefined;
  const { action: name, source, alert } = read.data;
  const action = ACTIONS[name];
  const alertId = alertIdOfKey(alert.alias ?? '');
  const isPerson = !NOBODY.has(source?.name ?? '') && !NOBODY.has(alert.username ?? '');
  if (!action || alertId === undefined || !isPerson) return undefined;
  return { action, alertId, by: alert.username || 'somebody' };
}
