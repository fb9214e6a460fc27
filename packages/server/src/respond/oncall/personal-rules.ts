import type { ContactChannel, ContactTarget } from './resolve.ts';

/** `high` for critical alerts, `low` for all others. */
export type Urgency = 'high' | 'low';

export const URGENCIES: readonly Urgency[] = ['high', 'low'];

/** One way by which a person wants to be told, so long after a step reached them. */
export interface PersonalRule {
  afterMs: number;
  channel: ContactChannel;
}

/** How a person wants to be told, in the order of the delays. */
export type PersonalRules = Readonly<Record<Urgency, readonly PersonalRule[]>>;

/** Without rules of their own people are told at once, and called when they do not answer to something urgent. */
const DEFAULT_RULES: PersonalRules = {
  high: [
    { afterMs: 0, channel: 'email' },
    { afterMs: 0, channel: 'sms' },
    { afterMs: 300_000, channel: 'phone_call' },
  ],
  low: [{ afterMs: 0, channel: 'email' }],
};

/**
 * The rules that count for somebody: their own, else the default over the ways in which they can be reached. Somebody
 * whom the default does not reach is told at once by whatever works.
 */
export function rulesFor(own: Partial<PersonalRules>, targets: readonly ContactTarget[]): PersonalRules {
  const working = new Set(targets.filter(({ broken }) => broken === null).map(({ channel }) => channel));
  const standard = (urgency: Urgency): PersonalRule[] => {
    const reached = DEFAULT_RULES[urgency].filter(({ channel }) => working.has(channel));
    const reachedAtOnce = reached.some(({ afterMs }) => afterMs === 0);
    return reachedAtOnce ? reached : [...working].map((channel) => ({ afterMs: 0, channel }));
  };
  return { high: own.high ?? standard('high'), low: own.low ?? standard('low') };
}

/** "SMS after 2m", "e-mail at once". */
export function ruleText({ afterMs, channel }: PersonalRule, formatDuration: (ms: number) => string): string {
  return `${CHANNEL_WORDS[channel]} ${afterMs === 0 ? 'at once' : `after ${formatDuration(afterMs)}`}`;
}

const CHANNEL_WORDS: Readonly<Record<ContactChannel, string>> = {
  sms: 'SMS',
  phone_call: 'call',
  email: 'e-mail',
  ntfy: 'push',
};
