import { z } from 'zod';
import { jsonProblem, type StrictVendor, strictVendor } from '../strict-vendor.ts';

export const TEAMS_PATH = '/workflows/0123/triggers/manual/paths/invoke?api-version=2016-06-01&sig=s3cret';

const element = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('TextBlock'),
    text: z.string().min(1),
    wrap: z.boolean().optional(),
    size: z.enum(['Small', 'Default', 'Medium', 'Large', 'ExtraLarge']).optional(),
    weight: z.enum(['Lighter', 'Default', 'Bolder']).optional(),
    isSubtle: z.boolean().optional(),
  }),
  z.strictObject({
    type: z.literal('FactSet'),
    facts: z.array(z.strictObject({ title: z.string(), value: z.string() })).min(1),
  }),
]);
const card = z.strictObject({
  $schema: z.literal('http://adaptivecards.io/schemas/adaptive-card.json'),
  type: z.literal('AdaptiveCard'),
  version: z.enum(['1.0', '1.1', '1.2', '1.3', '1.4', '1.5']),
  msteams: z.strictObject({ width: z.literal('Full') }).optional(),
  body: z.array(element).min(1),
  actions: z
    .array(z.strictObject({ type: z.literal('Action.OpenUrl'), title: z.string(), url: z.url() }))
    .max(6)
    .optional(),
});
const post = z.strictObject({
  type: z.literal('message'),
  attachments: z
    .array(
      z.strictObject({
        contentType: z.literal('application/vnd.microsoft.card.adaptive'),
        contentUrl: z.null(),
        content: card,
      }),
    )
    .length(1),
});

/** Takes what the webhook of a Teams workflow documents: an Adaptive Card, 28 KB at most. */
export function teamsServer(): Promise<StrictVendor> {
  return strictVendor((request) => {
    if (request.query.get('sig') !== 's3cret') return { status: 401, json: { error: { code: 'Unauthorized' } } };
    if (Buffer.byteLength(request.body) > 28 * 1_024) return { status: 413 };
    const problem = jsonProblem(request, post);
    return problem ? { status: 400, json: { error: { message: problem } } } : { status: 202 };
  });
}
