import { audit } from '../access/audit.ts';
import { hashSecret, newSecret } from '../access/secret.ts';
import type { Clock } from '../lib/clock.ts';
import { createNotifiers, sendTest } from '../respond/notify/index.ts';
import { createOnCall, type OnCall } from '../respond/oncall/index.ts';
import type { LiveConfig } from './live-config.ts';
import type { Stores } from './stores.ts';

export interface OnCallParts {
  live: LiveConfig;
  stores: Stores;
  clock: Clock;
  /** Base of links, without a slash at the end. */
  publicUrl: string;
}

/** Makes the desk where on-call questions are answered; it follows the configuration. */
export function makeOnCall({ live, stores, clock, publicUrl }: OnCallParts): OnCall {
  const send = (to: { channel: string; target: string }, by: string, text?: { title: string; reason: string }) =>
    sendTest(createNotifiers(live.current.integrations, clock), { ...to, by, publicUrl, ...text }, clock);
  return createOnCall({
    db: stores.db,
    config: () => live.current,
    audit,
    secrets: { create: newSecret, hash: hashSecret },
    sendTest: send,
    async sendCode(to, code) {
      // Spoken digits are said one by one.
      const spelled = to.channel === 'phone_call' ? [...code].join(', ') : code;
      const title = `Your code for YumOps is ${spelled}`;
      const reason = 'somebody adds this address to the ways in which they are told of alerts';
      return send(to, 'YumOps', { title, reason });
    },
  });
}
