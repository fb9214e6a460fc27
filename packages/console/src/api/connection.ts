import { useSyncExternalStore } from 'react';

/** Whether the server answers; `since` is the moment of the last answer in milliseconds. */
export interface Connection {
  state: 'ok' | 'lost';
  since: number;
}

let current: Connection = { state: 'ok', since: Date.now() };
const listeners = new Set<() => void>();

function set(next: Connection): void {
  const changed = next.state !== current.state;
  current = changed || next.state === 'ok' ? next : current;
  if (changed) for (const listener of listeners) listener();
}

/** Any answer, also a refusal, shows that the server is there. */
export function reportAnswer(): void {
  set({ state: 'ok', since: Date.now() });
}

export function reportSilence(): void {
  set({ state: 'lost', since: current.since });
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

let snapshot = current;

/** Changes only when the connection is lost or comes back. */
export function useConnection(): Connection {
  return useSyncExternalStore(subscribe, () => {
    if (snapshot.state !== current.state) snapshot = current;
    return snapshot;
  });
}
