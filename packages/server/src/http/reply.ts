import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../lib/clock.ts';
import { escapeHtml } from '../lib/html.ts';
import type { Keyring } from '../lib/keyring.ts';
import { type MailReply, type OnReply, type ReplyAction, readReplyToken } from '../respond/notify/index.ts';
import { signedFormRoutes } from './signed-form.ts';

export interface ReplyRouteDeps {
  /** Verifies the links. */
  ring: Keyring;
  onReply: OnReply;
  /** What a message told of and still fires, one line each. */
  alertsOf(reply: MailReply): Promise<readonly string[]>;
  clock: Clock;
}

const ACTIONS: Readonly<Record<ReplyAction, string>> = {
  acknowledge: 'Acknowledge',
  escalate: 'Escalate',
  resolve: 'Resolve',
  declare: 'Declare an incident',
};
/** The page loads nothing, runs nothing, and is shown nowhere else. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'";

/**
 * The page behind the link in an e-mail. Reading it changes nothing, for mail programs open links by themselves; a
 * button does.
 */
export function replyRoutes(app: FastifyInstance, deps: ReplyRouteDeps): void {
  const tokenOf = (request: FastifyRequest) => (request.params as { token: string }).token;
  const known = (request: FastifyRequest) => readReplyToken(deps.ring, tokenOf(request), deps.clock.now());

  app.get(
    '/reply/:token',
    { schema: { summary: 'The page behind the link in an e-mail', tags: ['integrations'], security: [] } },
    async (request, reply) => {
      const mail = known(request);
      if (!mail) return sendPage(reply, 404, '<p>This link is not valid, or it is older than a week.</p>');
      const alerts = await deps.alertsOf(mail);
      if (alerts.length === 0) return sendPage(reply, 200, '<p>Nothing that this e-mail told of fires any more.</p>');
      return sendPage(reply, 200, `${listOf(alerts)}${buttons()}`);
    },
  );
  signedFormRoutes(app, 'Acts on the alerts of an e-mail', {
    '/reply/:token': async (request, reply) => {
      const mail = known(request);
      const action = new URLSearchParams(request.body).get('action') ?? '';
      if (!mail || !isAction(action)) return sendPage(reply, 404, '<p>This link is not valid.</p>');
      const alerts = { message: mail.message };
      const { text } = await deps.onReply({ action, alerts, from: { email: mail.to }, via: 'email' });
      return sendPage(reply, 200, `<p role="status">${escapeHtml(text)}</p>`);
    },
  });
}

function isAction(text: string): text is ReplyAction {
  return Object.hasOwn(ACTIONS, text);
}

function listOf(alerts: readonly string[]): string {
  return `<ul>${alerts.map((alert) => `<li>${escapeHtml(alert)}</li>`).join('')}</ul>`;
}

function buttons(): string {
  const all = Object.entries(ACTIONS).map(
    ([action, label]) => `<button name="action" value="${action}">${label}</button>`,
  );
  return `<form method="post">${all.join(' ')}</form>`;
}

function sendPage(reply: FastifyReply, status: number, content: string): FastifyReply {
  const style =
    ':root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem}' +
    'button{font:inherit;padding:.6rem 1rem;margin:.25rem 0}h1{font-size:1.25rem}';
  return reply
    .code(status)
    .type('text/html; charset=utf-8')
    .header('content-security-policy', POLICY)
    .header('referrer-policy', 'no-referrer')
    .header('cache-control', 'no-store')
    .send(
      `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
        `<meta name="robots" content="noindex"><title>YumOps</title><style>${style}</style></head>` +
        `<body><h1>YumOps alert</h1>${content}</body></html>`,
    );
}
