import type { Monitor, MonitorState } from '@yumops/protocol';
import type { Look } from './state.tsx';

/** How each state of a monitor looks. */
export const MONITOR_STATE: Record<MonitorState, Look> = {
  down: { tone: 'bad', word: 'Down' },
  degraded: { tone: 'warn', word: 'Degraded' },
  'network-down': { tone: 'unknown', word: 'No network' },
  unknown: { tone: 'unknown', word: 'Unknown' },
  pending: { tone: 'none', word: 'Pending' },
  up: { tone: 'ok', word: 'Up' },
  paused: { tone: 'none', word: 'Paused', icon: 'pause' },
};

/** The order in which states need a person. */
export const MONITOR_STATES = Object.keys(MONITOR_STATE) as MonitorState[];

/** Sorts monitors: the worst state first, then by name. */
export function worstFirst(a: Monitor, b: Monitor): number {
  return MONITOR_STATES.indexOf(a.state) - MONITOR_STATES.indexOf(b.state) || a.name.localeCompare(b.name);
}
