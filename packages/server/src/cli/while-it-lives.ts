import { setTimeout as pause } from 'node:timers/promises';
import { YumOpsError } from '../lib/errors.ts';

/** How long a platform may be silent. Milliseconds. */
export interface Patience {
  /** After so long without an answer, and again each time it has passed, it is asked whether it lives. */
  askAfter: number;
  /** It has so long to say so. */
  signOfLife: number;
}

export const PATIENCE: Patience = { askAfter: 5_000, signOfLife: 10_000 };

/** Returns when the platform gives no sign of life, or `done` is aborted. */
async function untilSilent(origin: string, { askAfter, signOfLife }: Patience, done: AbortSignal): Promise<void> {
  while (!done.aborted) {
    await pause(askAfter, undefined, { signal: done });
    const signal = AbortSignal.any([done, AbortSignal.timeout(signOfLife)]);
    try {
      // Any answer will do: a proxy in between may not know the path.
      const response = await fetch(`${origin}/livez`, { signal });
      await response.body?.cancel();
    } catch {
      return;
    }
  }
}

/**
 * Waits for an answer as long as the platform lives: what takes minutes is waited for, a process that hangs is not.
 * @param ask has to end when its signal is aborted
 * @throws YumOpsError `platform_unreachable` when the platform gives no sign of life
 */
export async function whileItLives<Answer>(
  origin: string,
  ask: (signal: AbortSignal) => Promise<Answer>,
  patience: Patience = PATIENCE,
): Promise<Answer> {
  const done = new AbortController();
  const silent = new AbortController();
  const watching = untilSilent(origin, patience, done.signal).then(
    () => {
      if (!done.signal.aborted) silent.abort(noSignOfLife(origin));
    },
    () => undefined,
  );
  try {
    return await ask(silent.signal);
  } finally {
    done.abort();
    await watching;
  }
}

function noSignOfLife(origin: string): YumOpsError {
  return new YumOpsError('platform_unreachable', `The platform at ${origin} does not answer: its process hangs.`, {
    hint: 'What was asked may have been done. See `yumops doctor`; the platform may have to be started again.',
  });
}
