import type { Burn, RuleConfig } from '../config.ts';
import type { Labels } from '../fingerprint.ts';
import type { Bucket, BucketSource, Span } from '../ports.ts';
import { classLimit } from './duration-class.ts';
import type { Reading, Tally, WindowReader } from './reading.ts';
import { TallyRing } from './tally-ring.ts';

const SECOND_MS = 1_000;
const COARSE = 10;
const DAY_MS = 86_400_000;
/** Rows that arrive late are still counted when this tail is read again. */
const TAIL = 120;
/** Charts look back so long. */
const SPARE = 3_600;
/** Kept by the second: every short window, and the long ones whose edges matter. */
const FINE = 6 * 3_600 + 600;

/** The time in which planned work excludes an SLO from counting, ms since the epoch. */
export type Excluded = (slo: string, from: number, to: number) => readonly Span[];

/** One indicator of one SLO: its counts by the second for the last hours, by ten seconds for the rest of the span. */
interface Track {
  burn: Burn;
  limit: number | null;
  fine: TallyRing;
  coarse: TallyRing;
  lastAt: number;
}

/**
 * The windows of error budgets over one series, in memory: filled by query at the start, then the newest part is read
 * again for every evaluation. Edges are exact to the second within 6 hours, to ten seconds beyond.
 */
export class BurnWindows implements WindowReader {
  readonly sliceMs = SECOND_MS;
  readonly #source: BucketSource;
  readonly #recent: BucketSource;
  readonly #series: string;
  readonly #dimensions: readonly string[];
  readonly #classes: boolean;
  readonly #span: number;
  readonly #tracks: ReadonlyMap<string, Track>;
  readonly #excluded: Excluded;
  /** In seconds. */
  #readUntil: number | null = null;

  /**
   * @param rules alerts on error budgets over one series
   * @param recent where the newest part is read, if that is another place
   */
  constructor(source: BucketSource, rules: readonly RuleConfig[], excluded: Excluded = () => [], recent = source) {
    const burns = rules.flatMap(({ burn }) => burn ?? []);
    const names = burns.flatMap(({ indicator: { labels, projects, environments } }) => [
      ...Object.keys(labels),
      ...(projects.length > 0 ? ['project'] : []),
      ...(environments.length > 0 ? ['environment'] : []),
    ]);
    this.#source = source;
    this.#recent = recent;
    this.#excluded = excluded;
    this.#series = burns[0]?.indicator.series ?? '';
    this.#dimensions = [...new Set(names)].sort();
    this.#classes = burns.some(({ indicator }) => indicator.underMs !== null);
    this.#span = Math.max(FINE, ...burns.map(({ longMs }) => longMs / SECOND_MS));
    this.#tracks = new Map(burns.map((burn) => [burn.slo, this.#track(burn)]));
  }

  async refresh(to: number): Promise<void> {
    const end = Math.floor(to / SECOND_MS);
    const known = this.#readUntil;
    const whole = known === null || end - known > FINE - TAIL;
    const from = Math.floor((whole ? end - FINE : known - TAIL) / COARSE) * COARSE;
    const [old, fresh] = await Promise.all([
      whole ? this.#read(this.#source, end - this.#span - SPARE, from, COARSE) : [],
      this.#read(this.#recent, from, end, 1),
    ]);
    for (const track of this.#tracks.values()) {
      track.fine.open(from, end);
      track.coarse.open(whole ? Number.NEGATIVE_INFINITY : from / COARSE, Math.ceil(end / COARSE));
    }
    for (const bucket of old) this.#count(bucket, false);
    for (const bucket of fresh) this.#count(bucket, true);
    this.#readUntil = end;
  }

  read({ burn }: RuleConfig, at: number): Reading[] {
    const track = burn && this.#tracks.get(burn.slo);
    const head = this.#readUntil;
    if (!track || head === null) return [];
    const end = Math.floor(at / SECOND_MS);
    const spans = this.#excluded(burn.slo, at - burn.longMs, at);
    const long = windowOf(track, head, end, burn.longMs / SECOND_MS, spans);
    const short = windowOf(track, head, end, burn.shortMs / SECOND_MS, spans);
    const value = long.total === 0 ? null : burnRate(long, burn.budget);
    const { lastAt } = track;
    const sums = { count: long.total, bad: long.bad, value, burn: { long, short } };
    return [{ labels: {}, ...sums, series: 1, gapMs: null, lastAt }];
  }

  #track(burn: Burn): Track {
    const { underMs } = burn.indicator;
    return {
      burn,
      limit: underMs === null ? null : classLimit(underMs),
      fine: new TallyRing(FINE + COARSE),
      coarse: new TallyRing(Math.ceil((this.#span + SPARE) / COARSE) + 1),
      lastAt: 0,
    };
  }

  /** In pieces of at most a day. `from`, `to` and `width` in seconds. */
  async #read(source: BucketSource, from: number, to: number, width: number): Promise<Bucket[]> {
    const found: Bucket[] = [];
    for (let at = Math.floor(from / width) * width; at < to; at += DAY_MS / SECOND_MS) {
      const end = Math.min(to, at + DAY_MS / SECOND_MS);
      const range = { from: at * SECOND_MS, to: end * SECOND_MS, widthMs: width * SECOND_MS };
      const query = { series: this.#series, dimensions: this.#dimensions, classes: this.#classes, ...range };
      for (const bucket of await source.read(query)) found.push(bucket);
    }
    return found;
  }

  #count(bucket: Bucket, fine: boolean): void {
    const end = bucket.at / SECOND_MS;
    for (const track of this.#tracks.values()) {
      if (!counts(track.burn, bucket.labels)) continue;
      const bad = track.limit === null ? bucket.bad : slowOf(bucket, track.limit);
      if (fine) track.fine.add(end, bucket.count, bad);
      track.coarse.add(Math.ceil(end / COARSE), bucket.count, bad);
      track.lastAt = Math.max(track.lastAt, bucket.lastAt);
    }
  }
}

/** How many times faster than allowed a budget burns. */
export function burnRate({ total, bad }: Tally, budget: number): number {
  return total === 0 ? 0 : Number((bad / total / budget).toPrecision(12));
}

function counts({ indicator }: Burn, labels: Labels): boolean {
  const inScope = (allowed: readonly string[], name: string) =>
    allowed.length === 0 || allowed.includes(labels[name] ?? '');
  return (
    Object.entries(indicator.labels).every(([name, value]) => labels[name] === value) &&
    inScope(indicator.projects, 'project') &&
    inScope(indicator.environments, 'environment')
  );
}

function slowOf({ classes }: Bucket, limit: number): number {
  return classes.reduce((sum, [index, count]) => (index > limit ? sum + count : sum), 0);
}

/** The last `length` seconds until `end`, without the excluded spans; what is known ends at `head`. */
function windowOf(track: Track, head: number, end: number, length: number, spans: readonly Span[]): Tally {
  const tally = sumOf(track, head, end - length, end);
  for (const span of spans) {
    const from = Math.max(end - length, Math.floor(span.start / SECOND_MS));
    const to = Math.min(end, Math.floor(span.end / SECOND_MS));
    if (to <= from) continue;
    const planned = sumOf(track, head, from, to);
    tally.total -= planned.total;
    tally.bad -= planned.bad;
  }
  return tally;
}

/** Seconds in `(from, to]`: by the second where that is kept, before by ten. */
function sumOf({ fine, coarse }: Track, head: number, from: number, to: number): Tally {
  const seam = Math.ceil((head - FINE + TAIL) / COARSE) * COARSE;
  const recent = fine.sum(Math.max(from, Math.min(seam, to)), to);
  if (from >= seam) return recent;
  const older = coarse.sum(Math.floor(from / COARSE), Math.floor(Math.min(seam, to) / COARSE));
  return { total: recent.total + older.total, bad: recent.bad + older.bad };
}
