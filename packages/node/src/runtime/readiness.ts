import { shared } from './shared.ts';

const state = shared('readiness', () => ({ stopping: false }));

/** True from the moment on at which the process was told to stop. Readiness answers 503 then. */
export function isStopping(): boolean {
  return state.stopping;
}

/** Takes the process out of rotation. There is no way back. */
export function markStopping(): void {
  state.stopping = true;
}
