import { type Clock, systemClock } from '../../lib/clock.ts';
import { codeOf } from '../../lib/errors.ts';

/** Milliseconds before a request is sent again that nobody answered, each time after the client's own attempts: minutes in all. */
const PAUSES = [1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 60_000, 60_000, 60_000];

/** Whether the connection broke or was not made, rather than the service answering something. */
export function isBroken(error: unknown): boolean {
  if ((error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode !== undefined) return false;
  if ((error as Error).name === 'TimeoutError') return true;
  const code = codeOf(error) ?? '';
  return (
    /^(ECONN\w+|EPIPE|ETIMEDOUT|EAI_AGAIN|ENOTFOUND|E(NET|HOST)(UNREACH|DOWN)|UND_ERR_\w+)$/.test(code) ||
    /aborted|socket/i.test(String(error))
  );
}

/**
 * Sends again what the network lost, for a few minutes: of a long upload only the part that was under way.
 * @throws what the last attempt threw, and at once what the service answered
 */
export async function sendPatiently<Result>(
  send: () => Promise<Result>,
  signal: AbortSignal | undefined,
  clock: Pick<Clock, 'sleep'> = systemClock,
): Promise<Result> {
  for (const pause of PAUSES) {
    try {
      return await send();
    } catch (error) {
      if (signal?.aborted || !isBroken(error)) throw error;
      await clock.sleep(pause, signal);
    }
  }
  return send();
}
