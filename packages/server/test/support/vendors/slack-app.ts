import { z } from 'zod';
import { jsonProblem, type Received, type StrictVendor, strictVendor, type VendorAnswer } from '../strict-vendor.ts';

export const SLACK_TOKEN = 'xoxb-17653672481-19874698323-pdFZKVeTuE8sk7oOcHrzqqgy';

const plain = (max: number) => z.strictObject({ type: z.literal('plain_text'), text: z.string().min(1).max(max) });
const mrkdwn = (max: number) =>
  z.strictObject({
    type: z.literal('mrkdwn'),
    text: z
      .string()
      .min(1)
      .max(max)
      .refine(
        (text) => !/&(?!amp;|lt;|gt;)|<(?!https?:\/\/[^|>]+\|[^<>|]+>|@\w+>|!here>)/.test(text),
        'unescaped control character',
      ),
  });
const button = z.strictObject({
  type: z.literal('button'),
  text: plain(75),
  action_id: z.string().min(1).max(255),
  value: z.string().max(2_000),
  style: z.enum(['primary', 'danger']).optional(),
});
const block = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('header'), text: plain(150) }),
  z.strictObject({
    type: z.literal('section'),
    text: mrkdwn(3_000),
    fields: z.array(mrkdwn(2_000)).min(1).max(10).optional(),
  }),
  z.strictObject({ type: z.literal('context'), elements: z.array(mrkdwn(2_000)).min(1).max(10) }),
  z.strictObject({ type: z.literal('actions'), elements: z.array(button).min(1).max(25) }),
]);
const content = { channel: z.string().min(1), text: z.string().min(1), blocks: z.array(block).max(50).optional() };
const ts = z.string().regex(/^\d+\.\d{6}$/);
const post = z.strictObject({
  ...content,
  thread_ts: ts.optional(),
  reply_broadcast: z.boolean().optional(),
  unfurl_links: z.boolean().optional(),
  unfurl_media: z.boolean().optional(),
  metadata: z.strictObject({ event_type: z.string(), event_payload: z.record(z.string(), z.unknown()) }).optional(),
});
const update = z.strictObject({ ...content, ts });

/** Takes what the Web API documents for chat.postMessage and chat.update, and answers 200 also when it refuses. */
export function slackAppServer(): Promise<StrictVendor> {
  let posted = 0;
  return strictVendor((request) => judge(request, () => ++posted));
}

function judge(request: Received, next: () => number): VendorAnswer {
  if (request.headers.authorization !== `Bearer ${SLACK_TOKEN}`) return refusal('invalid_auth');
  const method = /^\/api\/(chat\.postMessage|chat\.update)$/.exec(request.path)?.[1];
  if (!method) return refusal('unknown_method');
  const problem = jsonProblem(request, method === 'chat.update' ? update : post);
  if (problem) return refusal(`invalid_blocks ${problem}`);
  const { channel, ts: given } = JSON.parse(request.body) as { channel: string; ts?: string };
  if (channel === '#gone') return refusal('channel_not_found');
  const id = channel.startsWith('#') ? 'C024BE91L' : channel;
  return { status: 200, json: { ok: true, channel: id, ts: given ?? `1503435956.${String(next()).padStart(6, '0')}` } };
}

function refusal(error: string): VendorAnswer {
  return { status: 200, json: { ok: false, error } };
}
