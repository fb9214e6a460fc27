import { z } from 'zod';
import { jsonProblem, type StrictVendor, strictVendor } from '../strict-vendor.ts';

const labels = z.record(z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/), z.string());
const status = z.enum(['firing', 'resolved']);
const payload = z.strictObject({
  version: z.literal('4'),
  groupKey: z.string().regex(/^\{\}:\{.*\}$/),
  truncatedAlerts: z.int().nonnegative(),
  status,
  receiver: z.string(),
  groupLabels: labels,
  commonLabels: labels,
  commonAnnotations: z.record(z.string(), z.string()),
  externalURL: z.url(),
  alerts: z.array(
    z.strictObject({
      status,
      labels,
      annotations: z.record(z.string(), z.string()),
      startsAt: z.iso.datetime(),
      endsAt: z.iso.datetime(),
      generatorURL: z.url(),
      fingerprint: z.string().regex(/^[0-9a-f]{16}$/),
    }),
  ),
});

/** Takes what Alertmanager documents for its webhooks, version 4. */
export function alertmanagerReceiver(): Promise<StrictVendor> {
  return strictVendor((request) => {
    const problem = jsonProblem(request, payload);
    return problem ? { status: 400, json: { problem } } : { status: 200 };
  });
}
