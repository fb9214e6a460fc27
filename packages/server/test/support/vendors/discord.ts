import { z } from 'zod';
import { jsonProblem, type StrictVendor, strictVendor } from '../strict-vendor.ts';

export const DISCORD_PATH = '/api/webhooks/1234567890/s3cret';

const embed = z.strictObject({
  title: z.string().min(1).max(256).optional(),
  description: z.string().max(4_096).optional(),
  url: z.url().optional(),
  color: z.int().min(0).max(0xffffff).optional(),
  timestamp: z.iso.datetime().optional(),
  footer: z.strictObject({ text: z.string().min(1).max(2_048) }).optional(),
  fields: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(256),
        value: z.string().min(1).max(1_024),
        inline: z.boolean().optional(),
      }),
    )
    .max(25)
    .optional(),
});

type Embed = z.infer<typeof embed>;

function lengthOf({ title, description, footer, fields = [] }: Embed): number {
  const texts = [title, description, footer?.text, ...fields.flatMap(({ name, value }) => [name, value])];
  return texts.join('').length;
}

const message = z.strictObject({
  content: z.string().max(2_000).optional(),
  username: z.string().max(80).optional(),
  embeds: z
    .array(embed)
    .max(10)
    .refine((embeds) => embeds.reduce((sum, one) => sum + lengthOf(one), 0) <= 6_000, 'embeds over 6,000 characters')
    .optional(),
  allowed_mentions: z.strictObject({ parse: z.array(z.enum(['roles', 'users', 'everyone'])) }).optional(),
});

/** Takes what Discord documents for executing a webhook. */
export function discordServer(): Promise<StrictVendor> {
  return strictVendor((request) => {
    if (request.path !== DISCORD_PATH) return { status: 404, json: { message: 'Unknown Webhook', code: 10_015 } };
    const problem = jsonProblem(request, message);
    if (problem) return { status: 400, json: { message: 'Invalid Form Body', code: 50_035, errors: problem } };
    return request.query.get('wait') === 'true' ? { status: 200, json: { id: '99887766' } } : { status: 204 };
  });
}
