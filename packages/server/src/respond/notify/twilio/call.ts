import type { Notifier, Outgoing } from '../notifier.ts';
import { createOnce } from './api.ts';
import { callbackUrl, isReachable } from './callback.ts';
import type { TwilioIntegration } from './config.ts';
import { spokenMenu } from './twiml.ts';

/** A call that began later than this after the only attempt belongs to another message. */
const SAME_CALL_MS = 60_000;

/**
 * Calls through Twilio. What is said goes along with the request, so that a phone rings and speaks even while nobody
 * can reach this platform; keys work where it can be reached.
 */
export function callNotifier(twilio: TwilioIntegration): Notifier {
  return {
    send(message, signal) {
      const { publicUrl, id, target, attempt } = message;
      const status: [string, string][] = isReachable(publicUrl)
        ? [
            ['StatusCallback', callbackUrl(publicUrl, 'status', id)],
            ['StatusCallbackEvent', 'completed'],
          ]
        : [];
      return createOnce(
        twilio,
        {
          collection: 'Calls',
          fields: [['Twiml', callTwiml(message)], ...status],
          isOurs: ({ to, from, direction, date_created: created }, since) =>
            to === target &&
            from === twilio.from &&
            direction === 'outbound-api' &&
            // After several attempts it may be of any of them, and nobody is called twice.
            (message.uncertainSince == null || attempt > 2 || Date.parse(String(created)) <= since + SAME_CALL_MS),
        },
        message,
        signal,
      );
    },
  };
}

function callTwiml({ id, body, publicUrl }: Outgoing): string {
  const firing = body.alerts.some(({ status }) => status === 'firing');
  const keypad = firing && isReachable(publicUrl) ? callbackUrl(publicUrl, 'keypad', id) : null;
  const what = body.kind === 'test' || body.kind === 'meta' ? '' : `, with an alert of severity ${body.severity}`;
  return spokenMenu(`This is YumOps${what}. ${body.title}.`, keypad);
}
