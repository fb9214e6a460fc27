/**
 * Numbers from 0 to 1 that are the same for the same seed (mulberry32).
 * @param {number} seed
 * @returns {() => number}
 */
export function seededRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/**
 * @template Choice
 * @param {() => number} random
 * @param {readonly Choice[]} choices
 * @returns {Choice}
 */
export const pick = (random, choices) => choices[Math.floor(random() * choices.length)];

/**
 * One of the choices, in proportion to their weights.
 * @template Choice
 * @param {() => number} random
 * @param {readonly [Choice, number][]} weighted
 * @returns {Choice}
 */
export function pickWeighted(random, weighted) {
  let left = random() * weighted.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [choice, weight] of weighted) {
    left -= weight;
    if (left < 0) return choice;
  }
  return weighted[weighted.length - 1][0];
}
