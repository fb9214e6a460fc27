import type { Severity } from '@yumops/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { DeliveryResult } from '../../notify/index.ts';
import type { OnCallAnswer } from '../../oncall/index.ts';
import type { Target } from '../config.ts';
import type { Episode, Plan } from '../episode.ts';
import { isFlapping, withFlip } from '../flapping.ts';
import { silenceOf } from '../silence/silence.ts';
import { MemoryAlertStore } from '../state/memory.ts';
import { decide, type GroupInput } from './decide.ts';
import type { Message } from './state.ts';

const GROUP = 'g';
const slack: Target = { channel: 'slack', target: '#alerts', broken: null };
const mail: Target = { channel: 'email', target: 'a@example.com', broken: null };
const sms: Target = { channel: 'sms', target: '+442071838750', broken: 'SMS is not sent by this version' };
const admin: Target = { channel: 'email', target: 'admin@example.com', broken: null };

const PLAN: Plan = {
  policy: 'p',
  steps: [
    { delayMs: 0, targets: [slack, mail] },
    { delayMs: 300_000, targets: [slack, mail, sms] },
    {
      delayMs: 900_000,
      targets: [slack, sms],
      onCall: { schedule: 'Primary', people: [], channels: [{ channel: 'sms', broken: null }], otherwise: [] },
    },
  ],
  repeat: { everyMs: 900_000, max: 3 },
  meta: [admin],
  withoutResolved: [],
  groupWaitMs: 10_000,
  groupIntervalMs: 300_000,
  ackTimeoutMs: 1_800_000,
};
const UNLED: Plan = {
  ...PLAN,
  policy: null,
  steps: [{ delayMs: 0, targets: [slack] }],
  repeat: { everyMs: 14_400_000, max: null },
};

interface Known {
  index: number;
  episode: number;
  round: number;
  firing: boolean;
  flips: readonly number[];
}

function episode({ index, episode: number, round, flips }: Known, now: number): Episode {
  return {
    ...{
      rule: 'R',
      severity: index === 2 ? 'info' : 'critical',
      labels: { n: String(index) },
      annotations: {},
      summary: 's',
      sentence: '',
    },
    ...{ query: '', value: 1, sample: 1, threshold: 1, unit: null, windowMs: null, runbook: null },
    ...{ id: `a${index}-${number}`, fingerprint: String(index).repeat(64), episode: number, round, origin: 'rule' },
    ...{ ruleId: 'r', groupKey: GROUP, state: 'firing', startedAt: now, firedAt: now, resolvedAt: null },
    ...{ resolveReason: null, plan: index === 0 ? UNLED : PLAN, lastStep: -1, repeats: 0, ack: null },
    ...{ flips, flappingSince: null, raises: 0 },
  } as Episode;
}

type Command =
  | { do: 'wait'; ms: number }
  | { do: 'toggle'; alert: number; again: boolean }
  | { do: 'ack'; alert: number }
  | { do: 'raise'; alert: number; severity: Severity }
  | { do: 'answer'; nth: number; with: DeliveryResult }
  | { do: 'silence'; alert: number; ms: number }
  | { do: 'crash' };

const BUSY: DeliveryResult = { outcome: 'retry', reason: '503', maybeDelivered: false };
const answers = fc.constantFrom<DeliveryResult>(
  { outcome: 'sent', detail: 'ok' },
  { outcome: 'sent', detail: 'ok' },
  BUSY,
  { outcome: 'retry', reason: '429', maybeDelivered: false, retryAfterMs: 90_000 },
  { outcome: 'retry', reason: 'timeout', maybeDelivered: true },
  { outcome: 'refused', reason: '404' },
);
const commands = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 700_000 }) }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('toggle' as const), alert: fc.nat(2), again: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('ack' as const), alert: fc.nat(2) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('raise' as const),
        alert: fc.nat(2),
        severity: fc.constantFrom<Severity>('warning', 'critical'),
      }),
    },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('answer' as const), nth: fc.nat(5), with: answers }) },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('silence' as const),
        alert: fc.nat(2),
        ms: fc.integer({ min: 1, max: 1_000_000 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('crash' as const) }) },
  ),
  { maxLength: 80 },
);

/** The group's decisions with a store, a worker that may die, and receivers. */
class World {
  now = 1_000_000;
  readonly store = new MemoryAlertStore(() => this.now);
  out: Message[] = [];
  /** What each target got, or may have got, in order. */
  readonly delivered: Message[] = [];
  readonly alerts = [0, 1, 2].map((index): Known => ({ index, episode: 0, round: 0, firing: false, flips: [] }));

  async run(command: Command): Promise<void> {
    if (command.do === 'wait') this.now += command.ms;
    else if (command.do === 'crash') await this.crash();
    else if (command.do === 'silence') await this.silence(command.alert, command.ms);
    else if (command.do === 'answer') await this.answer(command.nth, command.with);
    else if (command.do === 'ack') await this.ack(command.alert);
    else if (command.do === 'raise') await this.raise(command.alert, command.severity);
    else await this.toggle(command.alert, command.again);
    await this.change([]);
    const claimed = await this.store.claim('w', this.now, 15_000, { messages: 3, perTarget: 3, busy: [] });
    for (const message of claimed) await this.checkSilences(message);
    this.out.push(...claimed);
  }

  async toggle(index: number, again: boolean): Promise<void> {
    const alert = this.alerts[index]!;
    alert.flips = withFlip(alert.flips, this.now);
    if (alert.firing) {
      const reading = { value: 0, sample: 1, summary: 'ended' };
      const { flips } = alert;
      await this.change([{ type: 'resolved', alertId: `a${index}-${alert.episode}`, reason: 'over', reading, flips }]);
    } else {
      if (alert.episode > 0 && (again || isFlapping(alert.flips, this.now))) alert.round++;
      else Object.assign(alert, { episode: alert.episode + 1, round: 0 });
      await this.change([{ type: 'fired', alert: episode(alert, this.now) }]);
    }
    alert.firing = !alert.firing;
  }

  /** What leaves for the first time tells of something that is not silenced. */
  async checkSilences(message: Message): Promise<void> {
    if (message.attempts > 1 || message.kind === 'resolved' || message.kind === 'meta') return;
    const silences = await this.store.silences();
    const alerts = (await this.store.firingAlerts()).filter(({ id }) => message.alerts.some((one) => one.id === id));
    const silenced = alerts.filter((alert) => silenceOf(silences, alert, this.now) !== undefined);
    expect(alerts.length === 0 || silenced.length < alerts.length).toBe(true);
  }

  async silence(index: number, ms: number): Promise<void> {
    const times = { startsAt: this.now, endsAt: this.now + ms, createdAt: this.now, endedAt: null, endedBy: null };
    const matchers = [{ name: 'n', op: '=' as const, value: String(index) }];
    const id = `s${this.now}-${index}`;
    await this.store.writeSilence(
      { id, matchers, alertIds: [], author: 'a', reason: 'r', ...times },
      async () => undefined,
    );
  }

  async raise(index: number, severity: Severity): Promise<void> {
    const alertId = `a${index}-${this.alerts[index]!.episode}`;
    await this.change([{ type: 'raised', alertId, severity, plan: PLAN }]);
  }

  async ack(index: number): Promise<void> {
    const alertId = `a${index}-${this.alerts[index]!.episode}`;
    await this.change([{ type: 'acknowledged', alertId, ack: { by: 'p', via: 'api', at: this.now } }]);
  }

  async answer(nth: number, given: DeliveryResult): Promise<void> {
    const [message] = this.out.splice(nth % Math.max(1, this.out.length), 1);
    if (!message) return;
    // A receiver that refuses the end for good cannot be told of it.
    const result = message.kind === 'resolved' && given.outcome === 'refused' ? BUSY : given;
    if (result.outcome === 'sent' || (result.outcome === 'retry' && result.maybeDelivered))
      this.delivered.push(message);
    await this.change([{ type: 'attempted', messageId: message.id, result, random: 0.5 }]);
  }

  /** The worker dies; the receivers have what was out, and nobody knows. */
  async crash(): Promise<void> {
    this.delivered.push(...this.out.splice(0));
    for (const { id } of await this.store.interrupted('w', this.now, [])) {
      await this.change([{ type: 'interrupted', messageId: id }]);
    }
  }

  /** Everything ends, every receiver works again, and time passes. */
  async settle(): Promise<void> {
    for (const alert of this.alerts) if (alert.firing) await this.toggle(alert.index, false);
    for (let round = 0; round < 70; round++) {
      while (this.out.length > 0) await this.answer(0, { outcome: 'sent', detail: 'ok' });
      await this.run({ do: 'wait', ms: 61_000 });
    }
    while (this.out.length > 0) await this.answer(0, { outcome: 'sent', detail: 'ok' });
  }

  /** The shift changes every ten minutes; every third one is empty. */
  onCall(schedule: string | null): OnCallAnswer {
    const turn = Math.floor(this.now / 600_000) % 3;
    if (schedule === null || turn === 2) return { people: [], targets: [], problem: 'nobody is on call' };
    const person = `p${turn}`;
    return {
      people: [person],
      targets: [{ channel: 'sms', target: `+4420718387${turn}`, broken: null, person }],
      problem: null,
    };
  }

  change(inputs: GroupInput[]) {
    return this.store.change({
      ...{ groupKey: GROUP, lease: null, alertIds: [], instances: [] },
      now: this.now,
      decide: (state, durable) =>
        decide(state, inputs, this.now, { ...durable, onCall: (policy) => this.onCall(policy.schedule) }),
    });
  }
}

test('over random events, answers and crashes: who hears of a beginning hears of its end, once', async () => {
  await fc.assert(
    fc.asyncProperty(commands, async (steps) => {
      const world = new World();
      for (const step of steps) await world.run(step);
      await world.settle();
      const messages = world.store.messages();
      const keys = messages.flatMap((message) => message.alerts.map(({ key }) => key));
      expect(new Set(keys).size).toBe(keys.length);
      expect(messages.filter(({ status }) => !['sent', 'failed', 'cancelled'].includes(status))).toEqual([]);
      const words = new Map<string, string[]>();
      for (const message of new Set(world.delivered)) {
        for (const { id } of message.alerts) {
          const key = `${message.target} ${id}`;
          words.set(key, [...(words.get(key) ?? []), message.kind]);
        }
      }
      for (const [key, kinds] of words) {
        expect(kinds.at(-1), key).toBe('resolved');
        expect(kinds[0], key).not.toBe('resolved');
      }
      expect(world.store.group(GROUP).timers.size).toBe(0);
    }),
    { numRuns: 400 },
  );
});
