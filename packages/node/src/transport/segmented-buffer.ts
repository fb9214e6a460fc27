import { LEVELS } from '@yumops/protocol';

/** Segments whose memory is kept when they are gone. */
const MOST_SPARE = 2;

interface Segment {
  bytes: Buffer;
  used: number;
  lines: number;
}

/** Lines taken out of the buffer, to be sent together. */
export interface Taken {
  bytes: Buffer;
  lines: number;
}

/** What became of a line: kept, and how many others, or itself, were given up for it. */
export interface Appended {
  kept: boolean;
  evicted: number;
}

/**
 * Lines in memory, outside the JavaScript heap, within a fixed number of bytes. When it is full the oldest segment of the lowest level
 * gives way; a line for which only more severe ones could give way is refused. Order is kept within a level.
 */
export class SegmentedBuffer {
  readonly #capacity: number;
  readonly #segmentBytes: number;
  readonly #levels: Segment[][] = LEVELS.map(() => []);
  /**
   * Memory of segments that are gone, for those that come: in an outage segments come and go for hours, and what lies outside the heap
   * is collected late.
   */
  readonly #spare: Buffer[] = [];
  #allocated = 0;
  #lines = 0;

  /** @param capacity most bytes to hold, unused ends of segments included */
  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#segmentBytes = Math.max(1024, Math.min(64 * 1024, Math.floor(capacity / 16)));
  }

  get lines(): number {
    return this.#lines;
  }

  /** Bytes of memory in use. */
  get allocated(): number {
    return this.#allocated;
  }

  /** @param level index into `LEVELS` */
  append(level: number, line: string): Appended {
    const segments = this.#levels[level] as Segment[];
    const open = segments.at(-1);
    // Three bytes a UTF-16 unit is the most that UTF-8 takes; the exact length is needed only near a segment's end.
    if (open !== undefined && open.bytes.length - open.used >= line.length * 3) {
      this.#put(open, line);
      return { kept: true, evicted: 0 };
    }
    return this.#appendExactly(level, segments, line);
  }

  /**
   * Removes whole segments, most severe level first, until `maxBytes` are reached. The first segment always fits.
   * @returns undefined when there is nothing
   */
  take(maxBytes: number): Taken | undefined {
    const parts: Buffer[] = [];
    let bytes = 0;
    let lines = 0;
    for (const segments of this.#levels.toReversed()) {
      while (segments[0] !== undefined && (bytes === 0 || bytes + segments[0].used <= maxBytes)) {
        const segment = this.#remove(segments);
        parts.push(segment.bytes.subarray(0, segment.used));
        bytes += segment.used;
        lines += segment.lines;
      }
    }
    return lines === 0 ? undefined : { bytes: Buffer.concat(parts), lines };
  }

  #appendExactly(level: number, segments: Segment[], line: string): Appended {
    const length = Buffer.byteLength(line);
    const open = segments.at(-1);
    if (open !== undefined && open.bytes.length - open.used >= length) {
      this.#put(open, line);
      return { kept: true, evicted: 0 };
    }
    const size = Math.max(length, this.#segmentBytes);
    const evicted = this.#makeRoom(size, level);
    if (this.#allocated + size > this.#capacity) {
      return { kept: false, evicted };
    }
    const spare = size === this.#segmentBytes ? this.#spare.pop() : undefined;
    const segment = { bytes: spare ?? Buffer.allocUnsafeSlow(size), used: 0, lines: 0 };
    this.#allocated += size;
    segments.push(segment);
    this.#put(segment, line);
    return { kept: true, evicted };
  }

  /** Gives up segments of levels up to `level`. @returns lines given up */
  #makeRoom(size: number, level: number): number {
    let evicted = 0;
    for (const segments of this.#levels.slice(0, level + 1)) {
      while (segments.length > 0 && this.#allocated + size > this.#capacity) {
        const { bytes, lines } = this.#remove(segments);
        evicted += lines;
        if (bytes.length === this.#segmentBytes && this.#spare.length < MOST_SPARE) {
          this.#spare.push(bytes);
        }
      }
    }
    return evicted;
  }

  #put(segment: Segment, line: string): void {
    segment.used += segment.bytes.write(line, segment.used);
    segment.lines += 1;
    this.#lines += 1;
  }

  #remove(segments: Segment[]): Segment {
    const segment = segments.shift() as Segment;
    this.#allocated -= segment.bytes.length;
    this.#lines -= segment.lines;
    return segment;
  }
}
