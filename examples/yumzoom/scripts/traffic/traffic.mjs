import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { busyness } from './day.mjs';
import { JOURNEYS, REQUESTS_A_JOURNEY } from './journeys.mjs';
import { pickWeighted } from './random.mjs';
import { newAgent, Visitor } from './visitor.mjs';

/** Nobody else comes in while so many are there: a slow site must not drown in our queue. */
const MOST_VISITORS = 150;

/**
 * People who use the site, until they are stopped: they come at random moments, more at lunch and dinner.
 * @param {{ origin: string, random: () => number, rate: number }} options `rate` is requests a second over the day
 */
export function startTraffic({ origin, random, rate }) {
  const stopping = new AbortController();
  const { signal } = stopping;
  // Every visitor listens.
  setMaxListeners(0, signal);
  const agent = newAgent(32);
  const site = { origin, agent, random, signal };
  const began = Date.now();
  let present = 0;

  async function visit() {
    present += 1;
    try {
      await pickWeighted(random, JOURNEYS)(new Visitor(site));
    } catch {
      // A broken or refused connection ends a visit, as it does for people; the site's own log has the reason.
    } finally {
      present -= 1;
    }
  }

  async function arrivals() {
    while (!signal.aborted) {
      const journeysPerSecond = (rate * busyness(Date.now() - began)) / REQUESTS_A_JOURNEY;
      await sleep((-Math.log(1 - random()) / journeysPerSecond) * 1000, undefined, { signal });
      if (present < MOST_VISITORS) void visit();
    }
  }

  const ended = rate > 0 ? arrivals().catch(() => undefined) : Promise.resolve();
  return {
    async stop() {
      stopping.abort();
      await ended;
      agent.destroy();
    },
  };
}
