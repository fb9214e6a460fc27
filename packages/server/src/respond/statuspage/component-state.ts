import type { ComponentStatus, MonitorState, PostKind } from '@yumops/protocol';

const RANK: Record<ComponentStatus, number> = {
  operational: 0,
  unknown: 1,
  under_maintenance: 2,
  degraded_performance: 3,
  partial_outage: 4,
  major_outage: 5,
};

/** The worse of two. */
export function worse(a: ComponentStatus, b: ComponentStatus): ComponentStatus {
  return RANK[b] > RANK[a] ? b : a;
}

/** What the checks of its monitors say of a component. What nobody measures is unknown, never operational. */
export function measuredStatus(states: readonly MonitorState[]): ComponentStatus {
  const watched = states.filter((state) => state !== 'paused');
  const down = watched.filter((state) => state === 'down').length;
  if (watched.length > 0 && down === watched.length) return 'major_outage';
  if (down > 0) return 'partial_outage';
  if (watched.includes('degraded')) return 'degraded_performance';
  return watched.length > 0 && watched.every((state) => state === 'up') ? 'operational' : 'unknown';
}

/**
 * What is shown of a component: the worst of its checks and of what people say, except that planned work explains an
 * outage.
 * @param said of posts that are not over
 */
export function shownStatus(
  measured: ComponentStatus,
  said: readonly { kind: PostKind; status: ComponentStatus }[],
): ComponentStatus {
  const incidents = said.filter(({ kind }) => kind === 'incident').map(({ status }) => status);
  const planned = said.some(({ kind }) => kind === 'maintenance');
  if (planned) return incidents.reduce(worse, 'under_maintenance');
  // A person who names a component in an incident knows better than a check that sees nothing.
  return incidents.reduce(worse, measured === 'unknown' && incidents.length > 0 ? 'operational' : measured);
}

export type Indicator = 'none' | 'minor' | 'major' | 'critical' | 'maintenance' | 'unknown';

/** The state of the whole page and the sentence for it. */
export function overall(components: readonly { name: string; status: ComponentStatus }[]): {
  indicator: Indicator;
  sentence: string;
} {
  const are = (...wanted: ComponentStatus[]) => components.filter(({ status }) => wanted.includes(status));
  const out = are('major_outage');
  const partly = are('partial_outage');
  const slow = are('degraded_performance');
  const bad = [...out, ...partly, ...slow];
  if (components.length === 0) return { indicator: 'unknown', sentence: 'Nothing is measured here yet' };
  if (out.length === components.length) return { indicator: 'critical', sentence: 'Nothing works at the moment' };
  if (out.length > 0) return { indicator: 'critical', sentence: `${names(out)} ${verb(out)} not available` };
  if (partly.length > 0)
    return { indicator: 'major', sentence: `${names(partly)} ${verb(partly)} partly not available` };
  if (bad.length > 0) return { indicator: 'minor', sentence: `${names(slow)} ${verb(slow)} slower than usual` };
  const planned = are('under_maintenance');
  if (planned.length > 0) return { indicator: 'maintenance', sentence: `We are working on ${names(planned)}` };
  const unknown = are('unknown');
  if (unknown.length > 0) return { indicator: 'unknown', sentence: `The state of ${names(unknown)} is not known` };
  return { indicator: 'none', sentence: 'Everything works' };
}

const NAMED = 3;

function names(components: readonly { name: string }[]): string {
  const all = components.map(({ name }) => name);
  if (all.length > NAMED) return `${all.slice(0, NAMED).join(', ')} and ${all.length - NAMED} more`;
  return all.length < 2 ? (all[0] ?? '') : `${all.slice(0, -1).join(', ')} and ${all.at(-1)}`;
}

function verb(components: readonly unknown[]): 'is' | 'are' {
  return components.length === 1 ? 'is' : 'are';
}
