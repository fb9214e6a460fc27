import { guestEmail } from '../database/seed.mjs';
import { pick } from './random.mjs';
import { newAgent, Visitor } from './visitor.mjs';

const GUESSES_EVERY_MS = 330;
const PASSWORDS = ['123456', 'password', 'qwerty', 'letmein', 'yumzoom', 'dragon', 'iloveyou', 'admin123'];

/** Addresses reserved for documentation: 192.0.2.0/24, 198.51.100.0/24 and 203.0.113.0/24. */
const ADDRESSES = ['203.0.113.9', '203.0.113.77', '198.51.100.23', '198.51.100.140', '192.0.2.61'];
const VICTIMS = [3, 8, 21].map(guestEmail);

/**
 * Password guessing that can be switched on and off.
 * @param {{ origin: string, random: () => number }} options
 */
export function startAttack({ origin, random }) {
  const stopping = new AbortController();
  const agent = newAgent(4);
  let timer;

  function guess() {
    const attacker = new Visitor({ origin, agent, random, signal: stopping.signal }, pick(random, ADDRESSES));
    // Whether a guess arrives is of no interest: the next one comes anyway.
    attacker
      .post('/api/session', { email: pick(random, VICTIMS), password: pick(random, PASSWORDS) })
      .catch(() => undefined);
  }

  return {
    /** @param {boolean} on */
    setOn(on) {
      clearInterval(timer);
      timer = on ? setInterval(guess, GUESSES_EVERY_MS) : undefined;
    },
    stop() {
      clearInterval(timer);
      stopping.abort();
      agent.destroy();
    },
  };
}
