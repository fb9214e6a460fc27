import { isEmail, phoneProblem } from '../../lib/contact.ts';
import { type ConfigPath, type Report, within } from '../../lib/finding.ts';
import { didYouMean } from '../../lib/nearest.ts';
import type { AlertSettings, Channel, NamedSender, Senders, Target } from './config.ts';
import { channelOf, reportUnknownChannel } from './config-policy.ts';

const CHANNEL_TITLES: Record<Channel, string> = {
  slack: 'Slack',
  email: 'E-mail',
  sms: 'SMS',
  phone_call: 'Phone calls',
  pagerduty: 'PagerDuty',
  webhook: 'Webhook',
  opsgenie: 'Opsgenie',
  teams: 'Teams',
  discord: 'Discord',
  telegram: 'Telegram',
  ntfy: 'ntfy',
};

/** The key of `integrations:` that sets a channel up. */
const INTEGRATION_KEYS: Partial<Record<Channel, string>> = { email: 'smtp', sms: 'twilio', phone_call: 'twilio' };

const EXAMPLES: Partial<Record<Channel, string>> = {
  slack: '"#alerts"',
  email: '[ops@example.com]',
  sms: '"+442071838750"',
  phone_call: '"+442071838750"',
};

/** The receivers of an item, and the policy that a `pagerduty` name attached. */
export interface CompiledNotifications {
  targets: readonly Target[];
  policy: string | null;
}

export interface ReceiversOptions {
  integrations: Senders;
  /** Names of escalation policies. */
  policies: readonly string[];
  /** Every different Slack channel that the configuration names. */
  slackChannels: readonly string[];
}

/** The items of `slack` in lists of notifications as written. */
export function slackChannelsOf(lists: Iterable<readonly unknown[] | undefined>): string[] {
  const found = new Set<string>();
  for (const item of [...lists].flatMap((list) => list ?? [])) {
    const value = (item as { slack?: unknown } | null)?.slack;
    for (const channel of Array.isArray(value) ? value : [value]) if (typeof channel === 'string') found.add(channel);
  }
  return [...found];
}

/**
 * Turns written receivers into targets. What is wrong with the deployment (a webhook that is a placeholder, a channel
 * the webhook does not post to) breaks the target and is reported once, at its first mention.
 */
export class Receivers {
  readonly #options: ReceiversOptions;
  readonly #told = new Set<string>();

  constructor(options: ReceiversOptions) {
    this.#options = options;
  }

  /** Compiles a list of notifications; paths count from the list. */
  notifications(items: readonly unknown[] | undefined, report: Report, explicitPolicy?: string): CompiledNotifications {
    const targets: Target[] = [];
    let policy: string | null = null;
    for (const [index, item] of (items ?? []).entries()) {
      const at = within(report, index);
      const entry = this.#entry(item, at);
      if (!entry) continue;
      if (entry.channel === 'pagerduty')
        policy ??= this.#pagerdutyPolicy(entry.values, at, explicitPolicy !== undefined);
      targets.push(...this.#targets(entry, at));
    }
    const seen = new Set<string>();
    const once = ({ channel, target }: Target) => !seen.has(`${channel} ${target}`) && seen.add(`${channel} ${target}`);
    return { targets: targets.filter(once), policy };
  }

  /** Addresses or numbers of `alert_settings`; `path` leads to the list, `single` when it is one text. */
  direct(channel: 'email' | 'sms', values: readonly string[], single: boolean, report: Report): Target[] {
    return values.map((value, index) => this.#target(channel, value, single ? [] : [index], report));
  }

  /** A policy that is named outright. Reports E202 when there is none of that name. */
  policy(name: string, report: Report): string | null {
    if (this.#options.policies.includes(name)) return name;
    this.#reportUnknownPolicy(name, [], report);
    return null;
  }

  #entry(
    item: unknown,
    report: Report,
  ): { channel: Channel; key: string; values: string[]; single: boolean } | undefined {
    const keys = typeof item === 'object' && item !== null && !Array.isArray(item) ? Object.keys(item) : [];
    const [key] = keys;
    if (key === undefined || keys.length !== 1) {
      const scalar = typeof item === 'string' ? `the text "${item}"` : 'no key';
      const found = keys.length > 1 ? `${keys.length} keys (${keys.join(', ')})` : scalar;
      report({
        code: 'E109',
        path: [],
        message: `a receiver is a map with exactly one key, found ${found}`,
        suggestion: keys.length > 1 ? 'write one list item for each' : 'write for example - slack: "#alerts"',
      });
      return undefined;
    }
    const channel = channelOf(key);
    if (channel === undefined) {
      reportUnknownChannel(key, [key], report, true);
      return undefined;
    }
    const value = (item as Record<string, unknown>)[key];
    const values = Array.isArray(value) ? value : [value];
    if (values.length > 0 && values.every((one) => typeof one === 'string' && one !== '')) {
      return { channel, key, values, single: !Array.isArray(value) };
    }
    report({
      code: 'E103',
      path: [key],
      message: `"${key}" needs a text or a list of texts`,
      suggestion: `write for example ${key}: ${EXAMPLES[channel] ?? 'name'}`,
    });
    return undefined;
  }

  #targets(entry: { channel: Channel; key: string; values: string[]; single: boolean }, report: Report): Target[] {
    const { channel, key, single } = entry;
    const values =
      channel === 'pagerduty' ? entry.values.filter((name) => this.#routingKeys.includes(name)) : entry.values;
    return values.map((value, index) => this.#target(channel, value, single ? [key] : [key, index], report));
  }

  #pagerdutyPolicy(names: readonly string[], report: Report, explicit: boolean): string | null {
    const { policies } = this.#options;
    const routingKeys = this.#routingKeys;
    let attached: string | null = null;
    for (const name of names) {
      const [hasKey, hasPolicy] = [routingKeys.includes(name), policies.includes(name)];
      if (!hasKey && !hasPolicy) this.#reportUnknownPolicy(name, ['pagerduty'], report);
      if (hasKey && hasPolicy && !explicit) {
        report({
          code: 'W204',
          path: ['pagerduty'],
          message: `"${name}" is both a PagerDuty routing key and an escalation policy`,
          suggestion: `write escalation: ${name} to say that both are meant`,
        });
      }
      if (hasPolicy) attached ??= name;
    }
    return attached;
  }

  #reportUnknownPolicy(name: string, path: ConfigPath, report: Report): void {
    const { policies } = this.#options;
    report({
      code: 'E202',
      path,
      message: `"${name}" is neither an escalation policy nor a PagerDuty routing key`,
      suggestion: didYouMean(name, [...policies, ...this.#routingKeys]) ?? `add it under escalation_policies`,
    });
  }

  #target(channel: Channel, target: string, path: ConfigPath, report: Report): Target {
    return { channel, target, broken: this.#broken(channel, target, path, report) };
  }

  #broken(channel: Channel, target: string, path: ConfigPath, report: Report): string | null {
    switch (channel) {
      case 'slack':
        return this.#slackProblem(target, path, report);
      case 'email':
        return this.#addressProblem(
          isEmail(target) ? undefined : `"${target}" is not an e-mail address`,
          channel,
          path,
          report,
        );
      case 'sms':
      case 'phone_call':
        return this.#addressProblem(phoneProblem(target), channel, path, report);
      default:
        return this.#namedProblem(channel, target, path, report);
    }
  }

  #addressProblem(problem: string | undefined, channel: Channel, path: ConfigPath, report: Report): string | null {
    if (problem === undefined) return this.#unsent(channel, path, report);
    const suggestion = channel === 'email' ? 'write for example ops@example.com' : 'write for example "+442071838750"';
    report({ code: 'E206', path, message: problem, suggestion });
    return problem;
  }

  #slackProblem(channel: string, path: ConfigPath, report: Report): string | null {
    const { integrations, slackChannels } = this.#options;
    const { slack } = integrations;
    if (!slack) return this.#unsent('slack', path, report);
    const elsewhere =
      slack.fixedChannel && (slack.channel === null ? slackChannels.length > 1 : slack.channel !== channel);
    if (!elsewhere) return slack.broken;
    const problem = `the one incoming webhook posts to its own channel only, and "${channel}" is one of ${slackChannels.length} channels`;
    this.#once(`E208 ${channel}`, () =>
      report({
        code: 'E208',
        path,
        message: problem,
        suggestion:
          "state the webhook's channel as integrations.slack.channel and use that one, or set up integrations.slack.bot_token",
      }),
    );
    return slack.broken ?? problem;
  }

  #namedProblem(channel: Channel, name: string, path: ConfigPath, report: Report): string | null {
    const senders = namedSenders(this.#options.integrations, channel);
    const sender = senders.find((one) => one.name === name);
    if (sender) return sender.broken;
    if (senders.length === 0 && channel !== 'webhook') return this.#unsent(channel, path, report);
    const noun = channel === 'webhook' ? 'webhook' : `${CHANNEL_TITLES[channel]} receiver`;
    const suggestion =
      didYouMean(
        name,
        senders.map((one) => one.name),
      ) ?? `add it under integrations.${channel}`;
    report({ code: 'E203', path, message: `there is no ${noun} "${name}"`, suggestion });
    return `there is no ${noun} "${name}"`;
  }

  /** Why the channel as a whole sends nothing, if so; said once. */
  #unsent(channel: Channel, path: ConfigPath, report: Report): string | null {
    const { smtp, twilio } = this.#options.integrations;
    if (channel === 'email' && smtp) return smtp.broken;
    if ((channel === 'sms' || channel === 'phone_call') && twilio) return twilio.broken;
    const title = CHANNEL_TITLES[channel];
    const key = `integrations.${INTEGRATION_KEYS[channel] ?? channel}`;
    const problem = `${title} ${channel === 'phone_call' ? 'are' : 'is'} not set up`;
    const message = `${problem}: nothing is sent until ${key} is there`;
    this.#once(`I103 ${channel}`, () => report({ code: 'I103', path, message, suggestion: `add ${key}` }));
    return problem;
  }

  get #routingKeys(): readonly string[] {
    return this.#options.integrations.pagerduty.map(({ name }) => name);
  }

  #once(what: string, report: () => void): void {
    if (this.#told.has(what)) return;
    this.#told.add(what);
    report();
  }
}

/**
 * The receivers of a word in an escalation step: the rule's own of that channel, else the configured ones.
 * Empty when the word leads nowhere.
 * @param direct receivers of the rule or monitor
 */
export function resolveStepWord(
  word: Channel,
  direct: readonly Target[],
  config: { alertSettings: Pick<AlertSettings, 'email' | 'sms'>; integrations: Senders },
): readonly Target[] {
  const own = direct.filter((target) => target.channel === word);
  if (own.length > 0) return own;
  const { alertSettings, integrations } = config;
  switch (word) {
    case 'slack': {
      const { slack } = integrations;
      if (!slack || (slack.app && slack.channel === null)) return [];
      return [{ channel: 'slack', target: slack.channel ?? 'default', broken: slack.broken }];
    }
    case 'email':
      return alertSettings.email;
    case 'sms':
      return alertSettings.sms;
    case 'phone_call':
      return alertSettings.sms.map((target) => ({ ...target, channel: 'phone_call' }));
    default:
      return namedSenders(integrations, word).map(({ name, broken }) => ({ channel: word, target: name, broken }));
  }
}

/**
 * The vendor that calls people for a rule itself: the receivers name a key of PagerDuty or Opsgenie that is also the policy. The
 * policy's SMS and calls are then only for the case that the event is not accepted.
 */
export function pagingAuthority(direct: readonly Target[], policy: string | null): Target | undefined {
  return direct.find(({ channel, target }) => (channel === 'pagerduty' || channel === 'opsgenie') && target === policy);
}

/** The receivers of a channel that are named; none for channels whose targets are addresses. */
function namedSenders(senders: Senders, channel: Channel): readonly NamedSender[] {
  switch (channel) {
    case 'webhook':
      return senders.webhooks;
    case 'pagerduty':
    case 'opsgenie':
    case 'teams':
    case 'discord':
    case 'telegram':
    case 'ntfy':
      return senders[channel];
    default:
      return [];
  }
}
