import { z } from 'zod';
import { jsonProblem, type StrictVendor, strictVendor } from '../strict-vendor.ts';

export const NTFY_TOKEN = 'tk_AgQdq7mVBoFD37zQVN29RhuMzNIz2';

const message = z.strictObject({
  topic: z.string().regex(/^[-_A-Za-z0-9]{1,64}$/),
  message: z.string().refine((text) => Buffer.byteLength(text) <= 4_096, 'over 4,096 bytes'),
  title: z.string().max(250).optional(),
  tags: z.array(z.string().regex(/^[\w-]+$/)).optional(),
  priority: z.int().min(1).max(5).optional(),
  click: z.url().optional(),
  actions: z
    .array(z.strictObject({ action: z.literal('view'), label: z.string(), url: z.url() }))
    .max(3)
    .optional(),
});

/** Takes what ntfy documents for publishing as JSON. */
export function ntfyServer(): Promise<StrictVendor> {
  return strictVendor((request) => {
    if (request.headers.authorization !== `Bearer ${NTFY_TOKEN}`) {
      return { status: 401, json: { code: 40_101, http: 401, error: 'unauthorized' } };
    }
    if (request.path !== '/') return { status: 404, json: { code: 40_401, http: 404, error: 'page not found' } };
    const problem = jsonProblem(request, message);
    if (problem) return { status: 400, json: { code: 40_000, http: 400, error: problem } };
    return { status: 200, json: { id: 'sPs71M8A2T', time: 1, event: 'message', topic: 'ops' } };
  });
}
