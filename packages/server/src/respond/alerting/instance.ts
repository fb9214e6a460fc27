import type { Labels } from './fingerprint.ts';
import { isFlapping, withFlip } from './flapping.ts';
import type { NoData } from './metrics.ts';

export type InstanceState = 'inactive' | 'pending' | 'firing' | 'insufficient' | 'nodata';

/** One rule for one combination of dimension labels. Times are evaluation instants in ms since the epoch. */
export interface Instance {
  fingerprint: string;
  ruleId: string;
  labels: Labels;
  state: InstanceState;
  /** Since when it is in `state`. */
  since: number;
  /** Since when the condition holds without a break. */
  activeAt: number | null;
  /** While firing: since when the value is on the good side of the resolve threshold without a break. */
  clearSince: number | null;
  /** While firing: since when the sample is too small to judge. */
  starvedSince: number | null;
  /** Counts real firings; 0 before the first. */
  episode: number;
  /** Counts re-openings of the episode. */
  round: number;
  /** The episode has begun and is not resolved yet. */
  open: boolean;
  resolvedAt: number | null;
  /** Since when there is no data at all, whatever the state. */
  silentSince: number | null;
  value: number | null;
  sample: number | null;
  reason: string;
  /** When it fired or ended within the last hour, oldest first: what changes often flaps. */
  flips: readonly number[];
}

/** What one evaluation says about an instance. */
export type Verdict =
  | { kind: 'breach' | 'between' | 'clear'; value: number; sample: number; reason: string }
  | { kind: 'insufficient'; value: number | null; sample: number; reason: string }
  | { kind: 'nodata'; reason: string }
  /** Its subject is no more: a rule deleted, a monitor paused. */
  | { kind: 'gone'; reason: string }
  /** Nothing can be said; everything stays. */
  | { kind: 'hold'; reason: string };

/** The durations of a rule that move its instances, in ms. */
export interface Timing {
  forMs: number;
  keepFiringForMs: number;
  windowMs: number;
  noData: NoData;
}

/** `reopened`: fired again so soon after its end, or flaps, so that it is the same episode. */
export type Transition = 'fired' | 'reopened' | 'resolved';

export interface StepResult {
  instance: Instance;
  transition: Transition | null;
}

const REOPEN_AT_LEAST_MS = 300_000;

/** An instance that nothing is known of yet. */
export function newInstance(fingerprint: string, ruleId: string, labels: Labels, at: number): Instance {
  return {
    fingerprint,
    ruleId,
    labels,
    state: 'inactive',
    since: at,
    activeAt: null,
    clearSince: null,
    starvedSince: null,
    episode: 0,
    round: 0,
    open: false,
    resolvedAt: null,
    silentSince: null,
    value: null,
    sample: null,
    reason: 'never evaluated',
    flips: [],
  };
}

/** Moves an instance by one evaluation at the instant `at`. */
export function stepInstance(before: Instance, verdict: Verdict, timing: Timing, at: number): StepResult {
  const { instance, transition } = move(before, verdict, timing, at);
  if (transition === null) return { instance, transition };
  // What is no more does not flap.
  const flips = verdict.kind === 'gone' ? [] : withFlip(before.flips, at);
  return { instance: { ...instance, flips }, transition };
}

function move(before: Instance, verdict: Verdict, timing: Timing, at: number): StepResult {
  const seen = observe(before, verdict, at);
  switch (effective(verdict, timing.noData)) {
    case 'breach':
      return breach(seen, timing, at);
    case 'clear':
      return clear(seen, timing, at);
    case 'between':
      return between(seen, at);
    case 'insufficient':
      return insufficient(seen, timing, at);
    case 'nodata':
      return { instance: seen.state === 'firing' ? calm(seen) : aside(seen, 'nodata', at), transition: null };
    case 'gone':
      return end(seen, at);
    case 'hold':
      return { instance: seen, transition: null };
  }
}

function effective(verdict: Verdict, noData: NoData): Verdict['kind'] {
  if (verdict.kind !== 'nodata') return verdict.kind;
  const byOption: Record<NoData, Verdict['kind']> = { ok: 'clear', alerting: 'breach', keep: 'hold', nodata: 'nodata' };
  return byOption[noData];
}

function observe(before: Instance, verdict: Verdict, at: number): Instance {
  if (verdict.kind === 'hold') return { ...before, reason: verdict.reason };
  const reading =
    verdict.kind === 'nodata' || verdict.kind === 'gone'
      ? { value: null, sample: null }
      : { value: verdict.value, sample: verdict.sample };
  const silentSince = verdict.kind === 'nodata' ? (before.silentSince ?? at) : null;
  return { ...before, ...reading, silentSince, reason: verdict.reason };
}

function breach(seen: Instance, timing: Timing, at: number): StepResult {
  const activeAt = seen.activeAt ?? at;
  const active: Instance = { ...calm(seen), activeAt };
  if (at - activeAt < timing.forMs) return { instance: enter(active, 'pending', at), transition: null };
  if (seen.state === 'firing') return { instance: active, transition: null };
  return fire(enter(active, 'firing', at), timing, at);
}

function fire(instance: Instance, timing: Timing, at: number): StepResult {
  // A firing alert whose `for` was raised went back to pending with its episode still open.
  if (instance.open) return { instance, transition: null };
  const reopenMs = Math.max(REOPEN_AT_LEAST_MS, timing.windowMs);
  const soon = instance.resolvedAt !== null && at - instance.resolvedAt <= reopenMs;
  const again = soon || (instance.episode > 0 && isFlapping(withFlip(instance.flips, at), at));
  return again
    ? { instance: { ...instance, open: true, resolvedAt: null, round: instance.round + 1 }, transition: 'reopened' }
    : {
        instance: { ...instance, open: true, resolvedAt: null, round: 0, episode: instance.episode + 1 },
        transition: 'fired',
      };
}

function clear(seen: Instance, timing: Timing, at: number): StepResult {
  if (seen.state !== 'firing') return end(seen, at);
  const clearSince = seen.clearSince ?? at;
  if (at - clearSince >= timing.keepFiringForMs) return end(seen, at);
  return { instance: { ...seen, clearSince, starvedSince: null }, transition: null };
}

function between(seen: Instance, at: number): StepResult {
  if (seen.state === 'firing') return { instance: calm(seen), transition: null };
  return end(seen, at);
}

function insufficient(seen: Instance, timing: Timing, at: number): StepResult {
  if (seen.state !== 'firing') {
    const ended = end(seen, at);
    return { instance: aside(ended.instance, 'insufficient', at), transition: ended.transition };
  }
  const starvedSince = seen.starvedSince ?? at;
  if (at - starvedSince >= 2 * timing.windowMs) {
    const ended = end(seen, at);
    return { instance: aside(ended.instance, 'insufficient', at), transition: ended.transition };
  }
  return { instance: { ...seen, starvedSince, clearSince: null }, transition: null };
}

/** Leaves whatever state it was in; an open episode is resolved. */
function end(seen: Instance, at: number): StepResult {
  const ended = enter({ ...calm(seen), activeAt: null }, 'inactive', at);
  if (!seen.open) return { instance: ended, transition: null };
  return { instance: { ...ended, open: false, resolvedAt: at }, transition: 'resolved' };
}

/** A side state: visible, silent. An episode that is still open stays so. */
function aside(seen: Instance, state: 'insufficient' | 'nodata', at: number): Instance {
  return enter({ ...calm(seen), activeAt: null }, state, at);
}

function calm(seen: Instance): Instance {
  return { ...seen, clearSince: null, starvedSince: null };
}

function enter(instance: Instance, state: InstanceState, at: number): Instance {
  return instance.state === state ? instance : { ...instance, state, since: at };
}
