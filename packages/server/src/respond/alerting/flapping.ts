/** An alert flaps when it fires, and fired or ended so often within `FLAP_SPAN_MS`, that time included. */
export const FLAP_CHANGES = 4;
/** How long a change counts, ms. */
export const FLAP_SPAN_MS = 3_600_000;
/** Those who were told of a flapping alert hear of it so often, ms. */
export const FLAP_DIGEST_MS = 1_800_000;
const KEPT = 200;

/** The changes so far (ms since the epoch, oldest first) with one more; what no longer counts is forgotten. */
export function withFlip(flips: readonly number[], at: number): readonly number[] {
  return [...flips.filter((flip) => flip > at - FLAP_SPAN_MS), at].slice(-KEPT);
}

/** How many of the changes lie within `spanMs` before `now`. */
export function flipsWithin(flips: readonly number[], spanMs: number, now: number): number {
  return flips.filter((flip) => flip > now - spanMs).length;
}

/** Whether an alert that changed at these times flaps at `now`, ms since the epoch. */
export function isFlapping(flips: readonly number[], now: number): boolean {
  return flipsWithin(flips, FLAP_SPAN_MS, now) >= FLAP_CHANGES;
}

/** When it is calm if it does not change again, ms since the epoch. */
export function calmAt(flips: readonly number[], now: number): number {
  const deciding = flips.at(-FLAP_CHANGES);
  return deciding === undefined ? now : deciding + FLAP_SPAN_MS;
}
