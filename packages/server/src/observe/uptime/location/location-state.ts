import type { MonitorConfig } from '../config.ts';
import { type MonitorStatus, UNCHECKED } from '../judge.ts';

/** What is seen of a monitor from one place. */
export interface LocationState extends MonitorStatus {
  location: string;
  /** Who checked last from there: id of an agent, or `platform`. */
  agent: string;
  /** Milliseconds of the last check; null when it failed. */
  durationMs: number | null;
}

type Placed = Pick<MonitorConfig, 'kind' | 'locations'>;

/** The places that a monitor is checked from. A heartbeat is judged where its beats arrive. */
export function locationsOf({ kind, locations }: Placed, own: string): readonly string[] {
  return kind === 'heartbeat' || locations.length === 0 ? [own] : locations;
}

/** Whether other places than the platform's own have a say. */
export function isSpread(monitor: Placed, own: string): boolean {
  const locations = locationsOf(monitor, own);
  return locations.length > 1 || locations[0] !== own;
}

/** What was seen from a place until now. */
export function locationState(states: readonly LocationState[], location: string): LocationState {
  const known = states.find((state) => state.location === location);
  return known ?? { ...UNCHECKED, location, agent: '', durationMs: null };
}

/** The states with one of them replaced, in the order of the configuration. */
export function withLocation(
  states: readonly LocationState[],
  changed: LocationState,
  order: readonly string[],
): LocationState[] {
  const others = states.filter(({ location }) => location !== changed.location && order.includes(location));
  return [...others, changed].sort((a, b) => order.indexOf(a.location) - order.indexOf(b.location));
}
