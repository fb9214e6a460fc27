import {
  BucketCache,
  type BucketSource,
  BurnWindows,
  demandOf,
  type Excluded,
  type Instance,
  type RuleConfig,
  stepRule,
  type WindowReader,
} from '../alerting/index.ts';
import { Chunks } from './chunks.ts';

/** One time that a rule would have fired. Times in ms since the epoch. */
export interface ReplayedEpisode {
  labels: Readonly<Record<string, string>>;
  start: number;
  /** Null = it still fires at the end. */
  end: number | null;
  /** How often it fired again soon after its end, which is the same alert. */
  flaps: number;
  /** What the rule saw when it fired. */
  reason: string;
}

/** What a rule would have done over a stretch of stored history. */
export interface Replay {
  rule: string;
  sentence: string;
  from: number;
  to: number;
  evaluations: number;
  /** In order of their start. */
  episodes: ReplayedEpisode[];
}

type Open = ReplayedEpisode & { key: string };

/**
 * Evaluates a rule at every slot of `[from, to]` (ms since the epoch) as the engine would have. The time before, as far
 * as its window reaches, is read too.
 * @param excluded what does not count for an SLO; left out = all counts
 */
export async function replayRule(
  rule: RuleConfig,
  source: BucketSource,
  { from, to, excluded }: { from: number; to: number; excluded?: Excluded },
): Promise<Replay> {
  const reader = readerOf(rule, source, to, excluded);
  const episodes = new Map<string, Open>();
  const first = Math.ceil(from / rule.evalIntervalMs) * rule.evalIntervalMs;
  let instances: readonly Instance[] = [];
  let evaluations = 0;
  for (let at = first; at <= to; at += rule.evalIntervalMs) {
    await reader.refresh(at);
    const step = stepRule(rule, reader.read(rule, at), instances, true, at);
    instances = step.instances;
    evaluations++;
    for (const { instance, transition } of step.moved) note(episodes, instance, transition, at);
  }
  const found = [...episodes.values()].map(({ key: _key, ...episode }) => episode);
  return { rule: rule.name, sentence: rule.sentence, from, to, evaluations, episodes: found };
}

/** Windows of an error budget are read once as far as they reach back, and their newest part in pieces. */
function readerOf(rule: RuleConfig, source: BucketSource, to: number, excluded?: Excluded): WindowReader {
  const pieces = new Chunks(source, to);
  return rule.burn ? new BurnWindows(source, [rule], excluded, pieces) : new BucketCache(pieces, demandOf(rule));
}

function note(episodes: Map<string, Open>, instance: Instance, transition: string, at: number): void {
  const key = `${instance.fingerprint} ${instance.episode}`;
  const known = episodes.get(key);
  if (transition === 'resolved') {
    if (known) episodes.set(key, { ...known, end: at });
  } else if (known) episodes.set(key, { ...known, end: null, flaps: known.flaps + 1 });
  else {
    const labels = Object.fromEntries(Object.entries(instance.labels).filter(([, value]) => value !== ''));
    episodes.set(key, { key, labels, start: at, end: null, flaps: 0, reason: instance.reason });
  }
}
