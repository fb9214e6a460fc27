import { type Notification, type NotifiedAlert, type StateChange, seconds } from './report.ts';
import type { Expectation, ExpectedAlert, Scenario } from './scenario.ts';

type ExpectedMessage = Extract<Expectation, { type: 'message' }>;
type ExpectedState = Extract<Expectation, { type: 'state' }>;

/**
 * Compares what came with what was expected. Every expectation needs a message (or a change of state) of its own; when
 * the scenario is exact, every delivered message needs an expectation.
 */
export function failuresOf(
  { expect, exact }: Pick<Scenario, 'expect' | 'exact'>,
  notifications: readonly Notification[],
  states: readonly StateChange[],
): string[] {
  const messages = expect.filter((one): one is ExpectedMessage => one.type === 'message');
  const changes = expect.filter((one): one is ExpectedState => one.type === 'state');
  const told = assign(messages, notifications, fits);
  const changed = assign(changes, states, fitsState);
  const surplus = exact ? notifications.filter((one) => isTaken(one) && !told.used.has(one)) : [];
  return [
    ...told.unmet.map((one) => `expected ${describe(one)}; ${nearest(one, notifications, told.used)}`),
    ...changed.unmet.map((one) => `expected ${describeState(one)}; it did not come`),
    ...surplus.map((one) => `unexpected: at ${one.t} s ${nameOf(one)}`),
  ];
}

/** Gives every expectation the first that fits and is not taken; those that are due first choose first. */
function assign<Wanted extends { at: number }, Came>(
  wanted: readonly Wanted[],
  came: readonly Came[],
  matches: (wanted: Wanted, came: Came) => boolean,
): { unmet: Wanted[]; used: Set<Came> } {
  const used = new Set<Came>();
  const unmet = [...wanted]
    .sort((a, b) => a.at - b.at)
    .filter((one) => {
      const match = came.find((other) => !used.has(other) && matches(one, other));
      if (match !== undefined) used.add(match);
      return match === undefined;
    });
  return { unmet, used };
}

function isInTime({ at, within }: { at: number; within: number }, t: number): boolean {
  return Math.abs(Math.round(t * 1_000) - at) <= within;
}

function isTaken({ answer }: Notification): boolean {
  return answer !== 'timeout' && answer < 300;
}

function fits(wanted: ExpectedMessage, came: Notification): boolean {
  const { answer, alerts, reason } = wanted;
  const same = (['target', 'kind', 'rule', 'step', 'attempt'] as const).every(
    (key) => wanted[key] === undefined || wanted[key] === came[key],
  );
  return (
    isInTime(wanted, came.t) &&
    same &&
    wanted.channel === came.channel &&
    (answer === undefined ? isTaken(came) : answer === came.answer) &&
    (reason === undefined || came.reason.includes(reason)) &&
    (alerts === undefined || fitAlerts(alerts, came))
  );
}

function fitAlerts(wanted: readonly ExpectedAlert[], { alerts, total }: Notification): boolean {
  if (wanted.length !== (total ?? alerts.length)) return false;
  const timed = wanted.map((alert) => ({ ...alert, at: 0 }));
  return assign(timed, alerts, fitsAlert).unmet.length === 0;
}

function fitsAlert(wanted: ExpectedAlert, came: NotifiedAlert): boolean {
  return (
    (wanted.name === undefined || wanted.name === came.name) &&
    (wanted.status === undefined || wanted.status === came.status) &&
    (wanted.starts === undefined || seconds(wanted.starts) === came.starts) &&
    (wanted.ends === undefined || seconds(wanted.ends) === came.ends) &&
    contains(came.labels, wanted.labels) &&
    contains(came.annotations, wanted.annotations)
  );
}

function fitsState(wanted: ExpectedState, came: StateChange): boolean {
  const same = wanted.state === came.to && wanted.rule === came.rule;
  return isInTime(wanted, came.t) && same && contains(came.labels, wanted.labels);
}

function contains(all: Readonly<Record<string, string>>, part: Readonly<Record<string, string>>): boolean {
  return Object.entries(part).every(([name, value]) => all[name] === value);
}

function describe({ at, within, channel, target, kind, rule, step, answer }: ExpectedMessage): string {
  const parts = [
    channel,
    target,
    kind,
    rule === undefined ? undefined : `of "${rule}"`,
    step === undefined ? undefined : `step ${step}`,
    answer === undefined ? undefined : `answered ${answer}`,
  ];
  return `${instant(at, within)} ${parts.filter((part) => part !== undefined).join(' ')}`;
}

function describeState({ at, within, rule, state }: ExpectedState): string {
  return `${instant(at, within)} "${rule}" to become ${state}`;
}

function instant(at: number, within: number): string {
  return `at ${seconds(at)} s${within === 0 ? '' : ` (± ${seconds(within)} s)`}`;
}

function nameOf({ channel, target, kind, rule }: Notification): string {
  return `${channel} ${target} ${kind} of "${rule}"`;
}

/** The message that comes closest to the expected one. */
function nearest(
  { at, channel, target }: ExpectedMessage,
  notifications: readonly Notification[],
  used: ReadonlySet<Notification>,
): string {
  const distance = (one: Notification) => Math.abs(one.t * 1_000 - at);
  const [close] = notifications
    .filter((one) => !used.has(one) && one.channel === channel && (target === undefined || one.target === target))
    .sort((a, b) => distance(a) - distance(b));
  return close ? `the nearest is ${nameOf(close)} at ${close.t} s, answered ${close.answer}` : 'nothing like it came';
}
