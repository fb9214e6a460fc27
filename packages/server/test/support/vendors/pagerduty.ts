import { z } from 'zod';
import { jsonProblem, type StrictVendor, strictVendor } from '../strict-vendor.ts';

export const ROUTING_KEY = 'e93facc04764012d7bfb002500d5d1a6';

const key = z.string().regex(/^[0-9a-f]{32}$/);
const dedup = z.string().min(1).max(255);
const payload = z.strictObject({
  summary: z.string().min(1).max(1_024),
  source: z.string().min(1),
  severity: z.enum(['critical', 'error', 'warning', 'info']),
  timestamp: z.iso.datetime().optional(),
  component: z.string().optional(),
  group: z.string().optional(),
  class: z.string().optional(),
  custom_details: z.record(z.string(), z.unknown()).optional(),
});
const event = z.discriminatedUnion('event_action', [
  z.strictObject({
    routing_key: key,
    event_action: z.literal('trigger'),
    dedup_key: dedup.optional(),
    payload,
    client: z.string().optional(),
    client_url: z.url().optional(),
    links: z.array(z.strictObject({ href: z.url(), text: z.string().optional() })).optional(),
    images: z.array(z.strictObject({ src: z.url(), href: z.url().optional(), alt: z.string().optional() })).optional(),
  }),
  z.strictObject({ routing_key: key, event_action: z.literal('acknowledge'), dedup_key: dedup }),
  z.strictObject({ routing_key: key, event_action: z.literal('resolve'), dedup_key: dedup }),
]);

/** Takes what the Events API v2 documents; 512 KB at most. */
export function pagerdutyServer(): Promise<StrictVendor> {
  return strictVendor((request) => {
    if (request.path !== '/v2/enqueue') return { status: 404 };
    if (Buffer.byteLength(request.body) > 512 * 1_024) return { status: 413, json: { message: 'too large' } };
    const problem = jsonProblem(request, event);
    if (problem) return invalid(problem);
    const { routing_key: given, dedup_key } = JSON.parse(request.body);
    if (given !== ROUTING_KEY) return invalid('Invalid routing key');
    return { status: 202, json: { status: 'success', message: 'Event processed', dedup_key } };
  });
}

function invalid(problem: string) {
  return { status: 400, json: { status: 'invalid event', message: 'Event object is invalid', errors: [problem] } };
}
