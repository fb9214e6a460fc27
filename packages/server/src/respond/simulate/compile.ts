import { parseDuration } from '../../lib/duration.ts';
import { messageOf } from '../../lib/errors.ts';
import { type Report, within } from '../../lib/finding.ts';
import { readDuration } from '../../lib/section.ts';
import { parseMatcher } from '../alerting/index.ts';
import type { Action, Expectation, InputLine, Occurring, Scenario, SimulatedConfig, TimedAction } from './scenario.ts';
import type { RawActions, RawExpectations, RawInputs, RawScenario } from './scenario-shape.ts';

const DEFAULT_START = Date.UTC(2026, 0, 5, 10);
/** More instants than a scenario can mean. */
const MOST_INSTANTS = 1_000_000;

type RawInput = RawInputs[keyof RawInputs];
type RawAction = RawActions[keyof RawActions];
type RawExpectation = RawExpectations[keyof RawExpectations];

/** ms from the start of the scenario; reports E103 for what is no offset, which then counts as 0. */
function readOffset(value: number | string, path: string[], report: Report): number {
  const text = typeof value === 'number' ? String(value) : value.trim();
  const ms = parseDuration(text.replace(/^-/, ''));
  if (ms !== undefined) return text.startsWith('-') ? -ms : ms;
  const message = `"${value}" is not an offset`;
  report({ code: 'E103', path, message, suggestion: 'write for example 90, 1.5 or 5m' });
  return 0;
}

/** The frame of a scenario: all but its lists and its configuration. */
export function compileFrame(
  raw: RawScenario,
  report: Report,
): Omit<Scenario, 'config' | 'input' | 'actions' | 'expect'> {
  const start = raw.start === undefined ? DEFAULT_START : Date.parse(raw.start);
  if (Number.isNaN(start)) {
    const message = `"${raw.start}" is not an instant`;
    report({ code: 'E103', path: ['start'], message, suggestion: 'write for example 2026-01-05T10:00:00Z' });
  }
  return {
    name: raw.scenario,
    start,
    durationMs: readDuration(raw.duration, ['duration'], report) ?? 0,
    instances: raw.instances ?? 1,
    exact: raw.exact ?? false,
  };
}

/** Compiles an item of `input:`; paths count from the item. */
export function compileInput(raw: RawInput, config: SimulatedConfig, report: Report): InputLine {
  if ('check' in raw && !config.monitors.some(({ name }) => name === raw.check.monitor)) {
    const message = `there is no monitor "${raw.check.monitor}"`;
    report({ code: 'E103', path: ['check', 'monitor'], message, suggestion: 'add it under monitors' });
  }
  if ('ping' in raw && !config.monitors.some(({ name, kind }) => name === raw.ping.monitor && kind === 'heartbeat')) {
    const message = `there is no heartbeat "${raw.ping.monitor}"`;
    report({ code: 'E103', path: ['ping', 'monitor'], message, suggestion: 'add it under monitors, kind: heartbeat' });
  }
  return { at: instantsOf(raw, report), what: occurringOf(raw, report), instance: (raw.instance ?? 1) - 1 };
}

function instantsOf(raw: RawInput, report: Report): number[] {
  const first = readOffset(raw.at, ['at'], report);
  if (raw.until === undefined) return [first];
  const last = readOffset(raw.until, ['until'], report);
  const every = readDuration(raw.every, ['every'], report, 1);
  if (every === undefined) {
    if (raw.every === undefined)
      report({ code: 'E103', path: ['until'], atKey: true, message: '"until" needs "every"' });
    return [first];
  }
  const count = Math.floor((last - first) / every) + 1;
  if (count > MOST_INSTANTS) {
    report({ code: 'E103', path: ['every'], message: `this happens ${count} times`, suggestion: 'make it rarer' });
    return [first];
  }
  return Array.from({ length: Math.max(0, count) }, (_, index) => first + index * every);
}

function occurringOf(raw: RawInput, report: Report): Occurring {
  if ('alert' in raw) return pushOf(raw.alert, within(report, 'alert'));
  if ('check' in raw) return checkOf(raw.check);
  if ('ping' in raw) {
    const { monitor, signal, exit } = raw.ping;
    return { kind: 'ping', monitor, signal: signal ?? 'success', exit: exit ?? null };
  }
  const labels = raw.labels ?? {};
  if ('gauge' in raw) return { kind: 'gauge', name: raw.gauge, value: raw.value, labels };
  if ('event' in raw) {
    return { kind: 'event', name: raw.event, count: raw.count ?? 1, level: raw.level ?? 'info', labels };
  }
  const amounts = { failed: raw.failed ?? 0, durationMs: raw.duration_ms ?? 0, labels };
  return 'requests' in raw
    ? { kind: 'requests', count: raw.requests, ...amounts }
    : { kind: 'outbound', count: raw.outbound, ...amounts };
}

function checkOf({ monitor, ok, reason }: RawInputs['check']['check']): Occurring {
  return { kind: 'check', monitor, ok, reason: ok ? null : (reason ?? 'the check failed') };
}

function pushOf({ labels, annotations, starts, ends }: RawInputs['alert']['alert'], report: Report): Occurring {
  return {
    ...{ kind: 'alert', labels, annotations: annotations ?? {} },
    ...(starts !== undefined && { starts: readOffset(starts, ['starts'], report) }),
    ...(ends !== undefined && { ends: readOffset(ends, ['ends'], report) }),
  };
}

/**
 * Compiles an item of `do:`; paths count from the item.
 * @param reloaded what a `reload` says, compiled
 */
export function compileAction(raw: RawAction, reloaded: SimulatedConfig | undefined, report: Report): TimedAction[] {
  const at = readOffset(raw.at, ['at'], report);
  const action =
    'silence' in raw ? silenceOf(raw.silence, at, within(report, 'silence')) : actionOf(raw, reloaded, report);
  return action ? [{ at, action }] : [];
}

function silenceOf(raw: RawActions['silence']['silence'], now: number, report: Report): Action {
  for (const [index, text] of raw.matchers.entries()) {
    try {
      parseMatcher(text);
    } catch (error) {
      report({ code: 'E103', path: ['matchers', index], message: messageOf(error).replace(/\.$/, '') });
    }
  }
  return {
    kind: 'silence',
    id: raw.id,
    matchers: raw.matchers,
    from: raw.from === undefined ? now : readOffset(raw.from, ['from'], report),
    to: raw.to === undefined ? null : readOffset(raw.to, ['to'], report),
  };
}

function actionOf(
  raw: Exclude<RawAction, RawActions['silence']>,
  reloaded: SimulatedConfig | undefined,
  report: Report,
): Action | undefined {
  if ('ack' in raw) return { kind: 'ack', ...raw.ack, via: raw.ack.via ?? 'console' };
  if ('reload' in raw) return reloaded && { kind: 'reload', config: reloaded };
  if ('unsilence' in raw) return { kind: 'unsilence', id: raw.unsilence };
  if ('clock' in raw) {
    return { kind: 'clock', jumpMs: readOffset(raw.clock.jump, ['jump'], within(report, 'clock')) };
  }
  if ('crash' in raw) {
    const forMs = readDuration(raw.crash.for, ['crash', 'for'], report) ?? 0;
    return { kind: 'crash', forMs, instance: raw.crash.instance ?? 'all' };
  }
  const { channel, target, answer, retry_after, delay, until } = raw.receiver;
  const at = within(report, 'receiver');
  return {
    kind: 'receiver',
    channel: channel === 'phone' ? 'phone_call' : channel,
    target: target ?? null,
    answer: answer ?? 200,
    retryAfterMs: readDuration(retry_after, ['retry_after'], at) ?? null,
    delayMs: readDuration(delay, ['delay'], at) ?? 0,
    until: until === undefined ? Number.POSITIVE_INFINITY : readOffset(until, ['until'], at),
  };
}

/** Compiles an item of `expect:`; paths count from the item. */
export function compileExpectation(raw: RawExpectation, report: Report): Expectation {
  const at = readOffset(raw.at, ['at'], report);
  const tolerance = readDuration(raw.within, ['within'], report) ?? 0;
  if ('state' in raw) {
    return { type: 'state', at, within: tolerance, state: raw.state, rule: raw.rule, labels: raw.labels ?? {} };
  }
  const { alerts, ...wanted } = raw;
  const expected = alerts?.map(({ starts, ends, labels, annotations, ...alert }, index) => {
    const own = within(report, 'alerts', index);
    return {
      ...alert,
      labels: labels ?? {},
      annotations: annotations ?? {},
      ...(starts !== undefined && { starts: readOffset(starts, ['starts'], own) }),
      ...(ends !== undefined && { ends: readOffset(ends, ['ends'], own) }),
    };
  });
  const channel = wanted.channel === 'phone' ? 'phone_call' : wanted.channel;
  return { ...wanted, type: 'message', at, within: tolerance, channel, alerts: expected };
}
