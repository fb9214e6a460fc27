import { messageOf } from '../../../lib/errors.ts';
import type { CheckContext, CheckResult } from '../check.ts';
import type { Observation } from '../judge.ts';
import { openSocket } from './connect.ts';
import { resolveAllowed } from './resolve.ts';

/** Tells whether the prober's own network is away. */
export interface ReferenceCheck {
  /** @returns a sentence when none of the reference targets can be reached, else null */
  networkDown(): Promise<string | null>;
}

const TIMEOUT_MS = 3_000;

/** An answer stands so long for every monitor that asks, so that 2,000 failures ask once. */
const FRESH_MS = 2_000;

/**
 * Asks machines that always answer, by opening a TCP connection to each.
 * @param targets `host:port`; with none the network is never held to be down
 */
export function createReferenceCheck(targets: readonly string[], context: CheckContext): ReferenceCheck {
  let last: { at: number; answer: Promise<string | null> } | undefined;
  return {
    networkDown() {
      if (targets.length === 0) return Promise.resolve(null);
      const now = context.clock.monotonic();
      if (!last || now - last.at >= FRESH_MS) last = { at: now, answer: askAll(targets, context) };
      return last.answer;
    },
  };
}

/** What a check says once it is asked whether the network of who made it is away: a failure means nothing then. */
export async function observe({ verdict, reason }: CheckResult, reference: ReferenceCheck): Promise<Observation> {
  if (verdict !== 'down') return { verdict, reason };
  const lost = await reference.networkDown();
  return lost === null ? { verdict, reason } : { verdict: 'network-down', reason: lost };
}

async function askAll(targets: readonly string[], context: CheckContext): Promise<string | null> {
  const failures = await Promise.all(targets.map((target) => ask(target, context)));
  if (failures.includes(null)) return null;
  return `This prober's own network is down: none of ${targets.join(', ')} answers.`;
}

/** @returns null when the target answers */
async function ask(target: string, context: CheckContext): Promise<string | null> {
  const deadline = new AbortController();
  const alarm = context.clock.after(TIMEOUT_MS, () => deadline.abort(new Error('no answer')));
  const split = target.lastIndexOf(':');
  try {
    const addresses = await resolveAllowed(target.slice(0, split).replace(/^\[|\]$/g, ''), true, context.resolve);
    const socket = await openSocket(addresses, Number(target.slice(split + 1)), deadline.signal);
    socket.destroy();
    return null;
  } catch (error) {
    return messageOf(error);
  } finally {
    alarm.cancel();
  }
}
