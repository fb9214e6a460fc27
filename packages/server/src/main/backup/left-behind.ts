import { sweepScratch } from '../../engines/index.ts';
import type { Clock } from '../../lib/clock.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';

/** Removes what killed trials left on this machine. That it cannot be looked for keeps nobody from other work. */
export async function removeLeft({ clock, log }: { clock: Clock; log: Log }): Promise<void> {
  try {
    const removed = await sweepScratch({ clock, log });
    if (removed.length > 0) log.info('Removed what killed trials had left', { folders: removed });
  } catch (error) {
    log.warn('What killed trials left could not be looked for', { problem: messageOf(error) });
  }
}
