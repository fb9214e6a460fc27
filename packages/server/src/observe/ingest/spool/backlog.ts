import { comparePositions, type Position } from './position.ts';

interface Stretch {
  end: Position;
  bytes: number;
  arrivedAt: number;
  oldest: number;
}

/** How much of the spool one stretch describes, bytes: bounds the index at 8,000 stretches for 2 GiB. */
const STRETCH = 256 * 1024;

/**
 * What of the spool is not yet in the store: a short index from places in the spool to arrival and event times.
 * Neighbouring entries share a stretch, so its answers may be earlier than the truth by one stretch, never later.
 */
export class Backlog {
  #stretches: Stretch[] = [];

  /** Notes an entry that ends at `end`; entries come in order. Times are milliseconds since the epoch. */
  add(end: Position, bytes: number, arrivedAt: number, oldest: number): void {
    const last = this.#stretches.at(-1);
    if (last && last.end.segment === end.segment && last.bytes + bytes <= STRETCH) {
      last.end = end;
      last.bytes += bytes;
      last.arrivedAt = Math.min(last.arrivedAt, arrivedAt);
      last.oldest = Math.min(last.oldest, oldest);
      return;
    }
    this.#stretches.push({ end, bytes, arrivedAt, oldest });
  }

  /** Forgets what lies before `position`. */
  retire(position: Position): void {
    const keep = this.#stretches.findIndex((stretch) => comparePositions(stretch.end, position) > 0);
    this.#stretches.splice(0, keep === -1 ? this.#stretches.length : keep);
  }

  /** Earliest event time that is not in the store yet; undefined when all is. */
  oldestEvent(): number | undefined {
    return minimum(this.#stretches, (stretch) => stretch.oldest);
  }

  /** Arrival of the entry that has waited longest; undefined when none waits. */
  oldestArrival(): number | undefined {
    return minimum(this.#stretches, (stretch) => stretch.arrivedAt);
  }
}

function minimum(stretches: readonly Stretch[], of: (stretch: Stretch) => number): number | undefined {
  let least: number | undefined;
  for (const stretch of stretches) {
    const value = of(stretch);
    if (least === undefined || value < least) least = value;
  }
  return least;
}
