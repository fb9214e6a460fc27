import { z } from 'zod';
import { jsonProblem, type StrictVendor, strictVendor } from '../strict-vendor.ts';

export const GENIE_KEY = 'eb243592-faa2-4ba2-a551-1afdf565c889';

const responder = z.strictObject({
  id: z.string().optional(),
  name: z.string().optional(),
  username: z.string().optional(),
  type: z.enum(['team', 'user', 'escalation', 'schedule']),
});
const creation = z.strictObject({
  message: z.string().min(1).max(130),
  alias: z.string().max(512).optional(),
  description: z.string().max(15_000).optional(),
  responders: z.array(responder).max(50).optional(),
  visibleTo: z.array(responder).max(50).optional(),
  actions: z.array(z.string().max(50)).max(10).optional(),
  tags: z.array(z.string().max(50)).max(20).optional(),
  details: z
    .record(z.string(), z.string())
    .refine((details) => Object.entries(details).flat().join('').length <= 8_000, 'details over 8,000 characters')
    .optional(),
  entity: z.string().max(512).optional(),
  source: z.string().max(100).optional(),
  priority: z.enum(['P1', 'P2', 'P3', 'P4', 'P5']).optional(),
  user: z.string().max(100).optional(),
  note: z.string().max(25_000).optional(),
});
const change = z.strictObject({
  user: z.string().max(100).optional(),
  source: z.string().max(100).optional(),
  note: z.string().max(25_000).optional(),
});

/** Takes what the Alert API v2 documents. */
export function opsgenieServer(): Promise<StrictVendor> {
  return strictVendor((request) => {
    if (request.headers.authorization !== `GenieKey ${GENIE_KEY}`) {
      return { status: 401, json: { message: 'Could not authenticate', took: 0, requestId: 'r' } };
    }
    const action = /^\/v2\/alerts\/[^/]+\/(close|acknowledge)$/.exec(request.path);
    if (request.path !== '/v2/alerts' && !action) return { status: 404, json: { message: 'not found' } };
    if (action && request.query.get('identifierType') !== 'alias')
      return { status: 422, json: { message: 'not an id' } };
    const problem = jsonProblem(request, action ? change : creation);
    if (problem) return { status: 422, json: { message: problem, took: 0, requestId: 'r' } };
    return { status: 202, json: { result: 'Request will be processed', took: 0.3, requestId: 'r' } };
  });
}
