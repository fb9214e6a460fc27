import { useSyncExternalStore } from 'react';

export const ZONES = ['local', 'utc'] as const;
export type Zone = (typeof ZONES)[number];

const KEY = 'yumops.zone';
const listeners = new Set<() => void>();
let current: Zone = localStorage.getItem(KEY) === 'utc' ? 'utc' : 'local';

export function setZone(zone: Zone): void {
  current = zone;
  localStorage.setItem(KEY, zone);
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The zone in which the console shows times. */
export function useZone(): Zone {
  return useSyncExternalStore(subscribe, () => current);
}

/** What to call the zone where one is chosen. */
export function zoneChoice(zone: Zone): string {
  return zone === 'utc' ? 'UTC' : `Local (${zoneName('local')})`;
}

/** What to call the zone beside a time: `UTC`, or the local zone's name such as `Europe/London`. */
export function zoneName(zone: Zone): string {
  return zone === 'utc' ? 'UTC' : Intl.DateTimeFormat().resolvedOptions().timeZone;
}
