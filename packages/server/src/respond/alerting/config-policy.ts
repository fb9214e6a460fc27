import { type ConfigPath, type Report, within } from '../../lib/finding.ts';
import { didYouMean } from '../../lib/nearest.ts';
import { readDuration } from '../../lib/section.ts';
import {
  CHANNELS,
  type Channel,
  type EscalationPolicy,
  type EscalationStep,
  type Grouping,
  type RawGrouping,
  type RawPolicy,
} from './config.ts';

/** A step is tried, retried and handed to the fallback within this time. */
const DELIVERY_BUDGET_MS = 60_000;
/** Below this a flapping group becomes a storm of messages. */
const LEAST_GROUP_INTERVAL_MS = 10_000;

/** The word of a step for whoever is on call, by their own rules. */
const ON_CALL = 'on_call';

/** The channel that a word names; `phone` is `phone_call`. Undefined for an unknown word. */
export function channelOf(word: string): Channel | undefined {
  if (word === 'phone') return 'phone_call';
  return CHANNELS.find((channel) => channel === word);
}

/** Reports E201 for a word that names no channel. */
export function reportUnknownChannel(word: string, path: ConfigPath, report: Report, atKey = false): void {
  const suggestion = didYouMean(word, [...CHANNELS, 'phone', ON_CALL]) ?? `channels are ${CHANNELS.join(', ')}`;
  report({ code: 'E201', path, message: `there is no channel "${word}"`, suggestion, atKey });
}

type RawStep = { delay: string | number; notify: string[] };

function compileStep(raw: RawStep, report: Report): EscalationStep | undefined {
  const delayMs = readDuration(raw.delay, ['delay'], report);
  if (raw.notify.length === 0) {
    report({
      code: 'E205',
      path: ['notify'],
      message: 'the step tells nobody',
      suggestion: 'name a channel or remove the step',
    });
  }
  const notify: Channel[] = [];
  let personal = false;
  for (const [index, word] of raw.notify.entries()) {
    const channel = channelOf(word);
    if (word === ON_CALL) personal = true;
    else if (channel === undefined) reportUnknownChannel(word, ['notify', index], report);
    else if (!notify.includes(channel)) notify.push(channel);
  }
  return delayMs === undefined ? undefined : { delayMs, notify, ...(personal && { personal }) };
}

function lintDelays(steps: readonly (EscalationStep | undefined)[], raw: readonly RawStep[], report: Report): void {
  for (let i = 1; i < steps.length; i++) {
    const [before, step] = [steps[i - 1], steps[i]];
    if (!before || !step) continue;
    const path = [i, 'delay'];
    if (step.delayMs <= before.delayMs) {
      report({
        code: 'E204',
        path,
        message: `the delay ${raw[i]?.delay} is not longer than the one before it, ${raw[i - 1]?.delay}`,
        suggestion: 'delays count from the start of the alert and increase',
      });
    } else if (step.delayMs - before.delayMs < DELIVERY_BUDGET_MS) {
      report({
        code: 'W210',
        path,
        message: 'the step comes before the retries of the one before it have ended',
        suggestion: 'leave at least 60 s between two steps',
      });
    }
  }
}

/** E203: steps that tell whoever is on call, where nobody ever is. */
function lintNobody(name: string, raw: readonly RawStep[], report: Report): void {
  for (const [step, { notify }] of raw.entries()) {
    const index = notify.indexOf(ON_CALL);
    if (index < 0) continue;
    report({
      code: 'E203',
      path: [step, 'notify', index],
      message: `policy "${name}" notifies whoever is on call, and has neither a schedule nor people`,
      suggestion: 'write steps: with schedule: or people: beside it',
    });
  }
}

/** Compiles a policy; paths count from its value. Steps that are out of order are put in order. */
export function compilePolicy(name: string, raw: RawPolicy, report: Report): EscalationPolicy {
  const map = Array.isArray(raw) ? undefined : raw;
  const rawSteps = Array.isArray(raw) ? raw : raw.steps;
  const at = map ? within(report, 'steps') : report;
  const steps = rawSteps.map((step, index) => compileStep(step, within(at, index)));
  if (steps.length === 0) {
    report({
      code: 'E205',
      path: [],
      message: `policy "${name}" has no steps`,
      suggestion: 'add a step or remove the policy',
    });
  }
  lintDelays(steps, rawSteps, at);
  if (map?.schedule === undefined && (map?.people ?? []).length === 0) lintNobody(name, rawSteps, at);
  const repeat = map?.repeat;
  return {
    name,
    steps: steps.filter((step) => step !== undefined).sort((a, b) => a.delayMs - b.delayMs),
    repeat: repeat
      ? { everyMs: readDuration(repeat.every, ['repeat', 'every'], report, 1_000) ?? 900_000, max: repeat.max }
      : null,
    multiAck: map?.multi_ack ?? false,
    schedule: map?.schedule ?? null,
    people: map?.people ?? [],
  };
}

/** Where a policy as written first names each channel. */
export function mentionsOf(raw: RawPolicy): ReadonlyMap<Channel, ConfigPath> {
  const [steps, prefix] = Array.isArray(raw) ? [raw, []] : [raw.steps, ['steps']];
  const mentions = new Map<Channel, ConfigPath>();
  for (const [step, { notify }] of steps.entries()) {
    for (const [index, word] of notify.entries()) {
      const channel = channelOf(word);
      if (channel && !mentions.has(channel)) mentions.set(channel, [...prefix, step, 'notify', index]);
    }
  }
  return mentions;
}

/** Compiles `grouping:` and fills in the defaults; paths count from that key. */
export function compileGrouping(raw: RawGrouping, report: Report): Grouping {
  const groupIntervalMs = readDuration(raw.group_interval, ['group_interval'], report) ?? 300_000;
  if (groupIntervalMs < LEAST_GROUP_INTERVAL_MS) {
    report({
      code: 'W213',
      path: ['group_interval'],
      message: 'a group interval under 10 s makes a storm of messages when an alert flaps',
      suggestion: 'write 10s or more',
    });
  }
  return {
    by: raw.by ?? ['alertname', 'environment'],
    groupWaitMs: readDuration(raw.group_wait, ['group_wait'], report) ?? null,
    groupIntervalMs,
    endsWait: raw.group_interval !== undefined,
    repeatIntervalMs: readDuration(raw.repeat_interval, ['repeat_interval'], report) ?? 14_400_000,
    resolveTimeoutMs: readDuration(raw.resolve_timeout, ['resolve_timeout'], report) ?? 300_000,
  };
}
