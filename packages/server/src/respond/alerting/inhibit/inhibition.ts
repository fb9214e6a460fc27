import type { Episode, Inhibitor } from '../episode.ts';
import { MONITOR_RULE } from '../monitor-alerts.ts';
import { type Matcher, matchesAll } from '../silence/matcher.ts';
import { matchable } from '../silence/silence.ts';

/** While an alert that matches `source` fires, those that match `target` and share the labels `equal` are not told of. */
export interface InhibitRule {
  source: readonly Matcher[];
  target: readonly Matcher[];
  equal: readonly string[];
}

/** What identifies an alert that may mute others. */
export type Source = Pick<Episode, 'id' | 'rule' | 'severity' | 'labels'>;

/** What mutes an alert while it fires, fixed when its episode begins. */
export function inhibitorsOf(
  rules: readonly InhibitRule[],
  alert: Pick<Episode, 'rule' | 'severity' | 'labels'>,
): Inhibitor[] {
  const labels = matchable(alert);
  return rules
    .filter(({ target }) => matchesAll(target, labels))
    .map(({ source, target, equal }) => ({
      source: [...source, ...equal.map((name): Matcher => ({ name, op: '=', value: labels[name] ?? '' }))],
      // An alert that could mute itself is not muted by its like: they would all fall silent.
      except: matchesAll(source, labels) ? target : null,
    }));
}

/** The outage of a parent explains that of its children. */
export function parentInhibitor(parent: string): Inhibitor {
  const matcher = (name: string, value: string): Matcher => ({ name, op: '=', value });
  return { source: [matcher('alertname', MONITOR_RULE), matcher('monitor', parent)], except: null };
}

/** The alerts that match an inhibitor, among those that fire. */
export function sourcesOf({ source, except }: Inhibitor, firing: readonly Source[]): Source[] {
  return firing.filter((alert) => {
    const labels = matchable(alert);
    return matchesAll(source, labels) && !(except && matchesAll(except, labels));
  });
}
