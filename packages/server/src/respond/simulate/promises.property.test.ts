import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { loadScenario } from '../../config/index.ts';
import type { Message } from '../alerting/group/state.ts';
import { MemoryAlertStore } from '../alerting/index.ts';
import type { Notification } from './report.ts';
import type { Action, InputLine, Scenario, TimedAction } from './scenario.ts';
import { simulate } from './simulation.ts';

/** Steps in all; the long run of `npm run soak -- alerts-property` sets more. */
const STEPS = Number(process.env.YUMOPS_PROPERTY_STEPS ?? 500);
/** The small cut is the same each time; the long run takes another seed each time. */
const SEED = Number(process.env.YUMOPS_TEST_SEED ?? 12);
const STEPS_PER_RUN = 250;
/** Things happen in this time; then everything ends, works again, and settles. */
const BUSY_MS = 1_500_000;
/** Longer than an hour: what flaps is held back until it is calm. */
const SETTLE_MS = 5_400_000;
/** A part of the runs takes so long at most, and what breaks a promise in it is shortened no longer. */
const LONGEST_MS = STEPS > 10_000 ? 600_000 : 60_000;

const CONFIG = `
scenario: random
duration: 60m
instances: 2
config:
  alert_settings:
    email_notifications: [admin@yumzoom.com]
    sms_notifications: ["+442071838750"]
    escalation_policy:
      - {delay: 0, notify: [slack, email]}
      - {delay: 300, notify: [slack, sms]}
      - {delay: 900, notify: [phone_call]}
  monitors:
    - {name: m1, url: "https://a.example", retries: 0, notifications: [{slack: "#one"}, {slack: "#all"}]}
    - {name: m2, url: "https://b.example", retries: 0, notifications: [{slack: "#two"}, {slack: "#all"}]}
  grouping: {by: [alertname], group_wait: 5s, group_interval: 30s, repeat_interval: 20m, resolve_timeout: 6h}
  inhibit_rules: [{source: ["alertname=p0"], target: ["alertname=p2"]}]
  receivers: {webhook: [{name: first, timeout: 2s}, {name: second}], pagerduty: [{name: primary}]}
`;

const folder = mkdtempSync(join(tmpdir(), 'yumops-promises-'));
writeFileSync(join(folder, 'a.scenario.yml'), CONFIG);
const base = loadScenario(join(folder, 'a.scenario.yml'), { env: {} }).scenario as Scenario;
rmSync(folder, { recursive: true });

type Step =
  | { kind: 'push'; alert: number; fires: boolean; instance: number }
  | { kind: 'check'; monitor: number; ok: boolean }
  | { kind: 'action'; action: Action };

const PUSHED = 4;
const at = fc.integer({ min: 0, max: BUSY_MS / 1_000 });
const channel = fc.constantFrom('slack', 'email', 'sms', 'phone_call', 'webhook', 'pagerduty');
const span = fc.integer({ min: 1_000, max: 900_000 });

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('push' as const),
      alert: fc.nat(PUSHED - 1),
      fires: fc.boolean(),
      instance: fc.nat(1),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('check' as const),
      monitor: fc.integer({ min: 1, max: 2 }),
      ok: fc.boolean(),
    }),
  },
  {
    weight: 5,
    arbitrary: fc
      .oneof(
        fc.record({
          kind: fc.constant('crash' as const),
          forMs: fc.integer({ min: 100, max: 400_000 }),
          instance: fc.constantFrom<number | 'leader' | 'all'>(1, 2, 'leader', 'all'),
        }),
        fc.record({ kind: fc.constant('clock' as const), jumpMs: fc.integer({ min: -7_200_000, max: 7_200_000 }) }),
        fc.record({
          ...{ kind: fc.constant('receiver' as const), channel, target: fc.constant(null) },
          answer: fc.constantFrom<number | 'timeout'>(200, 429, 500, 'timeout'),
          retryAfterMs: fc.option(span, { nil: null }),
          delayMs: fc.constantFrom(0, 0, 500, 3_000, 12_000),
          until: at.map((seconds) => seconds * 1_000),
        }),
        fc.record({
          kind: fc.constant('silence' as const),
          id: fc.constant(''),
          from: fc.constant(0),
          to: span,
          alert: fc.nat(PUSHED - 1),
        }),
      )
      .map((action) => ({ kind: 'action' as const, action: action as unknown as Action })),
  },
);
/** Without a size the library takes a few of them, whatever the most is. */
const steps = fc.array(fc.record({ at, step }), { minLength: 1, maxLength: STEPS_PER_RUN * 2, size: 'max' });

/** The steps as a scenario: what is left at their end ends, works again and settles. */
function scenarioOf(written: readonly { at: number; step: Step }[]): Scenario {
  const ordered = [...written].sort((a, b) => a.at - b.at);
  const input: InputLine[] = [];
  const actions: TimedAction[] = [];
  const push = (t: number, alert: number, fires: boolean, instance: number) => {
    const what = { kind: 'alert' as const, labels: { alertname: `p${alert}` }, annotations: {} };
    input.push({ at: [t], instance, what: fires ? what : { ...what, starts: 0, ends: t } });
  };
  for (const [index, { at: seconds, step: one }] of ordered.entries()) {
    const t = seconds * 1_000;
    if (one.kind === 'push') push(t, one.alert, one.fires, one.instance);
    else if (one.kind === 'check') {
      const what = { kind: 'check' as const, monitor: `m${one.monitor}`, ok: one.ok, reason: one.ok ? null : 'down' };
      input.push({ at: [t], instance: 0, what });
    } else actions.push({ at: t, action: actionOf(one.action, t, index) });
  }
  // No instance is down any more, so that no push is lost.
  const end = BUSY_MS + 500_000;
  for (let alert = 0; alert < PUSHED; alert++) push(end, alert, false, 0);
  for (const monitor of ['m1', 'm2']) {
    input.push({ at: [end], instance: 0, what: { kind: 'check', monitor, ok: true, reason: null } });
  }
  return { ...base, durationMs: BUSY_MS + SETTLE_MS, input, actions, expect: [], exact: false };
}

function actionOf(action: Action & { alert?: number }, t: number, index: number): Action {
  if (action.kind !== 'silence') return action;
  const matchers = [`alertname=p${action.alert}`];
  return { kind: 'silence', id: `s${index}`, matchers, from: t, to: t + (action.to ?? 0) };
}

interface Outcome {
  messages: readonly Message[];
  /** What receivers took. */
  taken: readonly Notification[];
  failures: readonly string[];
  /** When an alert fired, ms since the epoch. */
  firedAt(groupKey: string, id: string): number;
}

async function run(scenario: Scenario): Promise<Outcome> {
  let store: MemoryAlertStore | undefined;
  const makeStore = (now: () => number) => {
    store = new MemoryAlertStore(now);
    return store;
  };
  const isOver = async () => (await store?.nextDue()) === null && store?.messages().every(isFinal) === true;
  const { notifications, failures } = await simulate(scenario, { makeStore, isOver });
  const taken = notifications.filter(({ answer }) => answer !== 'timeout' && answer < 300);
  const firedAt = (groupKey: string, id: string) =>
    store?.group(groupKey).alerts.get(id)?.firedAt ?? Number.POSITIVE_INFINITY;
  return { messages: store?.messages() ?? [], taken, failures, firedAt };
}

const ONCE: ReadonlySet<string> = new Set(['sms', 'phone_call', 'pagerduty']);
const FINAL: ReadonlySet<string> = new Set(['sent', 'failed', 'cancelled']);
const isFinal = ({ status }: Message) => FINAL.has(status);

/** P2, P3: one row a key; a vendor that can tell takes each key once, the others twice only when nobody knew. */
function checkKeys({ messages, taken }: Outcome): void {
  const keys = messages.flatMap((message) => message.alerts.map(({ key }) => key));
  expect(new Set(keys).size).toBe(keys.length);
  const times = new Map<string, number>();
  for (const { key } of taken) times.set(key, (times.get(key) ?? 0) + 1);
  for (const message of messages) {
    const count = times.get(message.key) ?? 0;
    if (ONCE.has(message.channel)) expect(count, message.key).toBeLessThanOrEqual(1);
    else if (count > 1) expect(message.maybeDelivered, message.key).toBe(true);
  }
}

/**
 * P7: whoever took a firing took its end, last, and nobody was told of an end alone who cannot have had the firing, nor
 * heard of the alert in what the platform says of itself.
 */
function checkEnds({ messages, taken }: Outcome): void {
  const byKey = new Map(messages.map((message) => [message.key, message]));
  const words = new Map<string, boolean[]>();
  const heard = new Set<string>();
  for (const { key, kind } of taken) {
    const message = byKey.get(key);
    if (!message) continue;
    if (kind === 'meta') {
      for (const { id } of message.alerts) heard.add(`${message.channel}/${message.target} ${id}`);
      continue;
    }
    // Several messages may have left as one; one of them that was withdrawn before another attempt was not in that.
    const left = message.bundle ?? message.id;
    const others = messages.filter(({ bundle, id, status, maybeDelivered }) => {
      return (bundle ?? id) === left && id !== message.id && (status === 'sent' || maybeDelivered);
    });
    const together = [message, ...others];
    for (const { channel: to, target, kind: own, alerts, body } of together) {
      for (const { id } of body.alerts) {
        const place = `${to}/${target} ${id}`;
        // What else fires in the group is listed along, and whoever reads it is to hear of its end too.
        if (!alerts.some((alert) => alert.id === id)) words.set(place, [...(words.get(place) ?? []), false]);
      }
      for (const { id, ended } of alerts) {
        const place = `${to}/${target} ${id}`;
        const before = words.get(place) ?? (heard.has(place) ? [false] : []);
        words.set(place, [...before, ended ?? own === 'resolved']);
      }
    }
  }
  const unsure = new Set(
    messages
      .filter(({ kind, maybeDelivered }) => kind !== 'resolved' && maybeDelivered)
      .flatMap(({ channel: to, target, alerts }) => alerts.map(({ id }) => `${to}/${target} ${id}`)),
  );
  // What a target did not take for good, such as for a process that stopped twice while sending, went to the fallback.
  const givenUp = new Set(
    messages
      .filter(({ status }) => status === 'failed')
      .flatMap(({ channel: to, target, kind, alerts }) =>
        alerts.filter(({ ended }) => ended ?? kind === 'resolved').map(({ id }) => `${to}/${target} ${id}`),
      ),
  );
  for (const [place, ends] of words) {
    if (!unsure.has(place)) expect(ends[0], `${place} begins`).toBe(false);
    if (!givenUp.has(place)) expect(ends.at(-1), `${place} ends`).toBe(true);
  }
}

/** P11: no step is written before its time, whatever the clocks do. */
function checkSteps({ messages, firedAt }: Outcome): void {
  const delays = [0, 300_000, 900_000];
  for (const { kind, createdAt, alerts, body, groupKey } of messages) {
    if (body.rule !== 'Monitor down' || kind !== 'firing') continue;
    for (const { id, key } of alerts) {
      // A merged message has the highest step of its alerts; the key of each has its own.
      const number = Number(key.split(':')[2]);
      const delay = delays[number] ?? 0;
      expect(createdAt - firedAt(groupKey, id), `step ${number} of ${id}`).toBeGreaterThanOrEqual(delay - 1);
    }
  }
}

async function holds(written: readonly { at: number; step: Step }[]): Promise<void> {
  const outcome = await run(scenarioOf(written));
  expect(outcome.failures).toEqual([]);
  expect(outcome.messages.filter((message) => !isFinal(message)).map(({ key }) => key)).toEqual([]);
  checkKeys(outcome);
  checkEnds(outcome);
  checkSteps(outcome);
}

/** Says the steps that are done about twenty times on the way. */
function progress(): (done: number) => void {
  let next = STEPS / 20;
  return (done) => {
    if (STEPS < 10_000 || done < next) return;
    next += STEPS / 20;
    process.stdout.write(`${done} steps\n`);
  };
}

test(`the promises hold over ${STEPS} random steps (seed ${SEED})`, async () => {
  const say = progress();
  let done = 0;
  for (let part = 0; done < STEPS; part++) {
    let failed = false;
    const property = fc.asyncProperty(steps, async (written) => {
      try {
        await holds(written);
      } catch (error) {
        if (!failed)
          process.stdout.write(`a promise broke after ${done} steps; looking for the least that breaks it\n`);
        failed = true;
        throw error;
      }
      if (failed) return;
      done += written.length;
      say(done);
    });
    const numRuns = Math.ceil((STEPS - done) / STEPS_PER_RUN);
    await fc.assert(property, { numRuns, seed: SEED + part, interruptAfterTimeLimit: LONGEST_MS });
  }
}, 3_600_000);
