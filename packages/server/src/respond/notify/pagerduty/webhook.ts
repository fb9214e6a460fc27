import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { type Deed, parseJson } from '../deed.ts';
import { alertIdOfKey } from '../episode-key.ts';

const shape = z.object({
  event: z.object({
    event_type: z.string(),
    agent: z.object({ type: z.string(), summary: z.string().optional() }).nullish(),
    data: z.object({ incident_key: z.string().nullish() }),
  }),
});

const ACTIONS: Readonly<Record<string, Deed['action']>> = {
  'incident.acknowledged': 'acknowledge',
  'incident.resolved': 'resolve',
};

/**
 * Whether a webhook (version 3) comes from PagerDuty: one of the signatures `v1=<hex>` is the HMAC-SHA256 of the body.
 * There are several while a secret is exchanged.
 */
export function verifyPagerduty(secret: string, signatures: string | undefined, rawBody: string): boolean {
  const expected = Buffer.from(`v1=${createHmac('sha256', secret).update(rawBody).digest('hex')}`);
  return (signatures ?? '').split(',').some((text) => {
    const given = Buffer.from(text.trim());
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}

/** What a person did; undefined for other events, for incidents of others, and for what we did there ourselves. */
export function readPagerdutyDeed(rawBody: string): Deed | undefined {
  const read = shape.safeParse(parseJson(rawBody));
  if (!read.success) return undefined;
  const { event_type: type, agent, data } = read.data.event;
  const action = ACTIONS[type];
  const alertId = alertIdOfKey(data.incident_key ?? '');
  if (!action || alertId === undefined || agent?.type !== 'user_reference') return undefined;
  return { action, alertId, by: agent.summary ?? 'somebody' };
}
