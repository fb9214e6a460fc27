import type { Clock } from '../../lib/clock.ts';
import type { DeliveryResult, Integrations, MessageBody, Notifier, Outgoing } from '../notify/index.ts';
import { type Notification, seconds } from './report.ts';
import type { ReceiverAnswer } from './scenario.ts';

/** Every channel; in a simulation all of them can send. */
const CHANNELS = [
  ...['slack', 'email', 'sms', 'phone_call', 'pagerduty', 'webhook'],
  ...['opsgenie', 'teams', 'discord', 'telegram', 'ntfy'],
];
/** Where a repeated message under the same key is found, so that nobody is told twice. */
const LOOKED_UP: ReadonlySet<string> = new Set(['sms', 'phone_call', 'pagerduty', 'opsgenie']);
const SHOWN_ALERTS = 10;
const TIMEOUT_MS = 10_000;
const RETRIED: ReadonlySet<number> = new Set([408, 425, 429]);

/** The attempts that one life of an engine has out. What it waited for when it was killed never comes back to it. */
export interface Lifeline {
  alive: boolean;
  /** Attempts that wait for the clock. */
  waiting: number;
}

/** All receivers of a scenario: they take every message at once unless told otherwise, and remember it. */
export class SimulatedReceivers {
  readonly notifications: Notification[] = [];
  readonly #answers: ReceiverAnswer[] = [];
  readonly #taken = new Set<string>();
  readonly #clock: Clock;
  readonly #start: number;

  /** @param start the start of the scenario, ms since the epoch */
  constructor(clock: Clock, start: number) {
    this.#clock = clock;
    this.#start = start;
  }

  /** Makes a receiver behave otherwise from now on; a later word wins over an earlier one. */
  behave(answer: ReceiverAnswer): void {
    this.#answers.push(answer);
  }

  /** The ways out of one life of an engine. */
  notifiers({ webhooks }: Integrations, life: Lifeline): ReadonlyMap<string, Notifier> {
    const timeouts = new Map(webhooks.map(({ name, timeoutMs }) => [`webhook/${name}`, timeoutMs]));
    return new Map(
      CHANNELS.map((channel): [string, Notifier] => [
        channel,
        {
          send: (message, signal) => {
            const timeoutMs = timeouts.get(`${channel}/${message.target}`) ?? TIMEOUT_MS;
            return this.#receive(channel, message, { life, signal, timeoutMs });
          },
        },
      ]),
    );
  }

  async #receive(
    channel: string,
    message: Outgoing,
    { life, signal, timeoutMs }: { life: Lifeline; signal: AbortSignal; timeoutMs: number },
  ): Promise<DeliveryResult> {
    const behaviour = this.#behaviourOf(channel, message.target);
    const answer = behaviour?.answer ?? 200;
    const key = `${channel}/${message.target} ${message.key}`;
    if (LOOKED_UP.has(channel) && this.#taken.has(key)) return { outcome: 'sent', detail: 'it had arrived before' };
    if (answer !== 'timeout' && answer < 300) this.#taken.add(key);
    // A vendor's own state follows ours; nobody is told anything by that.
    if (message.body.kind !== 'acknowledged') this.notifications.push(this.#record(channel, message, answer));
    const delayMs = answer === 'timeout' ? timeoutMs : (behaviour?.delayMs ?? 0);
    if (delayMs > 0) await this.#wait(Math.min(delayMs, timeoutMs), life, signal);
    if (answer === 'timeout' || delayMs > timeoutMs) {
      return { outcome: 'retry', reason: `no answer within ${timeoutMs / 1_000} s`, maybeDelivered: true };
    }
    return resultOf(answer, behaviour?.retryAfterMs ?? null);
  }

  #behaviourOf(channel: string, target: string): ReceiverAnswer | undefined {
    const now = this.#clock.monotonic();
    return this.#answers.findLast(
      (one) => one.channel === channel && (one.target === null || one.target === target) && now < one.until,
    );
  }

  async #wait(ms: number, life: Lifeline, signal: AbortSignal): Promise<void> {
    life.waiting++;
    await this.#clock.sleep(ms, signal).catch(() => undefined);
    life.waiting--;
    if (!life.alive) await new Promise(() => undefined);
  }

  #record(channel: string, { target, key, body, attempt }: Outgoing, answer: number | 'timeout'): Notification {
    const { kind, step, rule, reason, alerts } = body;
    return {
      ...{ t: seconds(this.#clock.monotonic()), channel, target, key, kind, step, rule },
      alerts: alerts.slice(0, SHOWN_ALERTS).map((alert) => this.#alert(alert)),
      ...(alerts.length > SHOWN_ALERTS && { total: alerts.length }),
      ...{ attempt, answer, reason },
    };
  }

  #alert(alert: MessageBody['alerts'][number]): Notification['alerts'][number] {
    const { name, labels, status, annotations, startedAt, endedAt } = alert;
    const ends = endedAt === null ? null : seconds(endedAt - this.#start);
    return { name, labels, status, starts: seconds(startedAt - this.#start), ends, annotations };
  }
}

/** What a status means for a delivery, as for the real receivers. */
function resultOf(answer: number, retryAfterMs: number | null): DeliveryResult {
  if (answer < 300) return { outcome: 'sent', detail: `accepted (${answer})` };
  const reason = `answered ${answer}`;
  if (answer < 500 && !RETRIED.has(answer)) return { outcome: 'refused', reason };
  return { outcome: 'retry', reason, maybeDelivered: false, ...(retryAfterMs !== null && { retryAfterMs }) };
}
