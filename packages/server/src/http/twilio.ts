import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { YumOpsError } from '../lib/errors.ts';
import {
  CALLBACKS,
  KEYS,
  type OnReply,
  type Reply,
  type ReplyAction,
  spoken,
  spokenMenu,
  type TwilioIntegration,
  textReply,
  verifyTwilio,
} from '../respond/notify/index.ts';
import { headerOf, signedFormRoutes } from './signed-form.ts';

/** What Twilio reports of a message or call after it was taken. */
export interface PhoneStatus {
  messageId: string;
  kind: 'sms' | 'phone_call';
  /** Twilio's word: `delivered`, `undelivered`, `failed`, `completed`, `busy`, `no-answer`, `canceled`, … */
  status: string;
  /** Twilio's error, where it names one. */
  errorCode: string | null;
}

export interface TwilioRouteDeps {
  /** The account as configured now; null when there is none. */
  account: () => TwilioIntegration | null;
  onReply: OnReply;
  onStatus: (status: PhoneStatus) => Promise<void>;
  /** The address by which Twilio calls us, without a slash at the end. */
  publicUrl: string;
}

const SMS_HELP =
  'Reply with the number in the message and a letter: 1234a = acknowledge, 1234e = escalate, 1234c = resolve; aa = acknowledge all.';
const LETTERS: Readonly<Record<string, ReplyAction>> = { a: 'acknowledge', e: 'escalate', c: 'resolve' };

/** What Twilio calls: keys on the phone, replies to an SMS, and the fate of both. Every request is verified. */
export function twilioRoutes(app: FastifyInstance, deps: TwilioRouteDeps): void {
  signedFormRoutes(app, 'Called by Twilio', {
    [CALLBACKS.keypad]: async (request, reply) =>
      sendTwiml(reply, await keypad(verified(request, deps), request, deps)),
    [CALLBACKS.sms]: async (request, reply) => sendTwiml(reply, await smsReply(verified(request, deps), deps)),
    [CALLBACKS.status]: async (request, reply) => {
      const fields = verified(request, deps);
      const isCall = fields.has('CallSid');
      const status = fields.get(isCall ? 'CallStatus' : 'MessageStatus') ?? 'unknown';
      const kind = isCall ? 'phone_call' : 'sms';
      await deps.onStatus({ messageId: messageIn(request), kind, status, errorCode: fields.get('ErrorCode') });
      return reply.code(204).send();
    },
  });
}

function verified(request: FastifyRequest<{ Body: string }>, deps: TwilioRouteDeps): URLSearchParams {
  const account = deps.account();
  if (!account) {
    throw new YumOpsError('not_set_up', 'There is no Twilio account here.', {
      hint: 'Set integrations.twilio.',
      status: 404,
    });
  }
  const fields = new URLSearchParams(request.body);
  const url = `${deps.publicUrl}${request.url}`;
  if (verifyTwilio(account.authToken.reveal(), url, fields, headerOf(request, 'x-twilio-signature'))) return fields;
  throw new YumOpsError('bad_signature', 'This request is not signed by Twilio.', {
    hint: `Twilio must call the address in public_url, ${deps.publicUrl}.`,
    status: 403,
  });
}

async function keypad(
  fields: URLSearchParams,
  request: FastifyRequest<{ Body: string }>,
  deps: TwilioRouteDeps,
): Promise<string> {
  const action = KEYS[fields.get('Digits') ?? ''];
  if (!action) return spokenMenu('That key has no meaning here.', `${deps.publicUrl}${request.url}`);
  const alerts = { message: messageIn(request) };
  const { text } = await deps.onReply({ action, alerts, from: { phone: fields.get('To') ?? '' }, via: 'phone' });
  return spoken(text);
}

async function smsReply(fields: URLSearchParams, deps: TwilioRouteDeps): Promise<string> {
  const wish = readSms(fields.get('Body') ?? '');
  if (!wish) return textReply(SMS_HELP);
  const { text } = await deps.onReply({ ...wish, from: { phone: fields.get('From') ?? '' }, via: 'sms' });
  return textReply(text);
}

/** `1234a`, `1234e`, `1234c` or `aa`, in either case and with spaces anywhere. */
function readSms(body: string): Pick<Reply, 'action' | 'alerts'> | undefined {
  const text = body.replaceAll(/\s+/g, '').toLowerCase();
  if (text === 'aa') return { action: 'acknowledge', alerts: 'all' };
  const [, code, letter] = /^(\d{4})([aec])$/.exec(text) ?? [];
  const action = LETTERS[letter ?? ''];
  return code !== undefined && action ? { action, alerts: { code } } : undefined;
}

function messageIn(request: FastifyRequest): string {
  const { message } = request.query as { message?: unknown };
  return typeof message === 'string' ? message : '';
}

function sendTwiml(reply: FastifyReply, twiml: string): FastifyReply {
  return reply.type('text/xml; charset=utf-8').send(twiml);
}
