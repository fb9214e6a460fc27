import type { FastifyInstance } from 'fastify';
import type { Clock } from '../lib/clock.ts';
import { messageOf, YumOpsError } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import {
  markClicked,
  type OnReply,
  readClick,
  type SlackApp,
  type SlackClick,
  verifySlack,
} from '../respond/notify/index.ts';
import { headerOf, signedFormRoutes } from './signed-form.ts';

export interface SlackRouteDeps {
  /** The Slack app as configured now; null when there is none. */
  app: () => SlackApp | null;
  onReply: OnReply;
  clock: Clock;
  log: Log;
}

/** Slack shows an error after three seconds without an answer. */
const ANSWER_WITHIN_MS = 2_500;
const UPDATE_WITHIN_MS = 10_000;

/** `POST /integrations/slack/interactions`: clicks on the buttons of our messages, verified by their signature. */
export function slackRoutes(app: FastifyInstance, deps: SlackRouteDeps): void {
  signedFormRoutes(app, 'Called by Slack when a button is clicked', {
    '/integrations/slack/interactions': async (request, reply) => {
      const slack = deps.app();
      if (!slack?.signingSecret) throw notSetUp();
      const headers = {
        timestamp: headerOf(request, 'x-slack-request-timestamp'),
        signature: headerOf(request, 'x-slack-signature'),
      };
      if (!verifySlack(slack.signingSecret.reveal(), headers, request.body, deps.clock.now())) throw badSignature();
      const click = readClick(request.body);
      if (click) await Promise.race([carryOut(click, slack, deps), deps.clock.sleep(ANSWER_WITHIN_MS)]);
      return reply.code(200).send();
    },
  });
}

/** Does what was clicked and says so below the message. It never fails: Slack has no use for an error. */
async function carryOut({ reply, message }: SlackClick, slack: SlackApp, deps: SlackRouteDeps): Promise<void> {
  const { clock, log, onReply } = deps;
  const abort = new AbortController();
  const timer = clock.after(UPDATE_WITHIN_MS, () => abort.abort(new Error('no answer within 10 s')));
  try {
    const answer = await onReply(reply);
    const marked = await markClicked(slack, message, answer, abort.signal);
    if (marked.outcome !== 'sent') log.error('a Slack message could not be updated', { reason: marked.reason });
  } catch (error) {
    log.error('a click in Slack could not be carried out', { error: messageOf(error) });
  } finally {
    timer.cancel();
  }
}

function notSetUp(): YumOpsError {
  return new YumOpsError('not_set_up', 'There is no Slack app with a signing secret here.', {
    hint: 'Set integrations.slack.bot_token and signing_secret.',
    status: 404,
  });
}

function badSignature(): YumOpsError {
  return new YumOpsError('bad_signature', 'This request is not signed by Slack, or it is too old.', { status: 401 });
}
