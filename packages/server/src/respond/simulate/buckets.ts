import { type Bucket, type BucketQuery, type BucketSource, durationClass } from '../alerting/index.ts';
import type { Occurring } from './scenario.ts';

type Labels = Readonly<Record<string, string>>;

/** What happens and leaves a trace in telemetry. */
export type Counted = Exclude<Occurring, { kind: 'ping' | 'alert' }>;

/** Something that was counted, as a row of the telemetry store's `rule_buckets` would have it. */
export interface Sample {
  series: string;
  /** ms since the epoch. */
  at: number;
  labels: Labels;
  count: number;
  bad: number;
  /** Of each occurrence. */
  value: number;
}

const COLUMNS = ['project', 'service', 'environment', 'release'];
/** Health routes are called by machines and say nothing of users. */
const HEALTH_ROUTES: ReadonlySet<string> = new Set([
  '/api/health',
  '/api/health/detailed',
  '/health',
  '/healthz',
  '/livez',
  '/readyz',
]);
const FAILED_SIGN_IN = /^(failed_authentication$|authn_login_fail)/;
const SECOND_MS = 1_000;

/**
 * What the views over the telemetry store count of an occurrence.
 * @param defaults columns that every record has, where its labels do not say otherwise
 */
export function samplesOf(what: Counted, at: number, defaults: Labels): Sample[] {
  const labels = { ...defaults, ...('labels' in what ? what.labels : {}) };
  const kept = (...names: string[]) => only(labels, [...COLUMNS, ...names]);
  switch (what.kind) {
    case 'requests': {
      const { count, failed, durationMs } = what;
      if (count === 0 || HEALTH_ROUTES.has(labels.endpoint ?? '')) return [];
      return [{ series: 'requests', at, labels: kept('endpoint', 'method'), count, bad: failed, value: durationMs }];
    }
    case 'outbound': {
      const { count, failed, durationMs } = what;
      if (count === 0) return [];
      const provider = labels.provider ?? labels.host ?? '';
      const own = { ...kept('host'), provider };
      return [{ series: 'outbound_calls', at, labels: own, count, bad: failed, value: durationMs }];
    }
    case 'gauge':
      return [{ series: `metric:${what.name}`, at, labels, count: 1, bad: 0, value: what.value }];
    case 'check': {
      const own = {
        ...only(
          labels,
          COLUMNS.filter((name) => name !== 'service'),
        ),
        monitor: what.monitor,
      };
      return [{ series: 'checks', at, labels: own, count: 1, bad: what.ok ? 0 : 1, value: 0 }];
    }
    case 'event':
      return eventSamples(what, at, { ...labels, event: what.name });
  }
}

function eventSamples(what: Extract<Occurring, { kind: 'event' }>, at: number, labels: Labels): Sample[] {
  const { name, count, level } = what;
  if (count === 0) return [];
  const bad = level === 'error' || level === 'fatal' ? count : 0;
  const logs = { series: 'application_logs', at, labels: only(labels, [...COLUMNS, 'event']), count, bad, value: 0 };
  if (!FAILED_SIGN_IN.test(name)) return [logs];
  const signIns = { series: 'failed_auth_attempts', at, labels: only(labels, [...COLUMNS, 'ip', 'userId']) };
  return [logs, { ...signIns, count, bad: 0, value: 0 }];
}

function only(labels: Labels, names: readonly string[]): Labels {
  return Object.fromEntries(names.flatMap((name) => (labels[name] ? [[name, labels[name]]] : [])));
}

/** A second of one series and one combination of labels. */
type Second = Bucket & { classCounts: Map<number, number> };

/** The buckets of the telemetry store, in memory: samples go in in any order, rules read them by second. */
export class SimulatedBuckets implements BucketSource {
  readonly #seconds = new Map<string, Map<string, Second>>();
  /** Seconds of a series in order; made anew when something was added. */
  readonly #ordered = new Map<string, Second[]>();

  add(sample: Sample): void {
    const { series, labels } = sample;
    const at = Math.ceil(sample.at / SECOND_MS) * SECOND_MS;
    const seconds = this.#seconds.get(series) ?? new Map<string, Second>();
    this.#seconds.set(series, seconds);
    this.#ordered.delete(series);
    merge(seconds, at, labels, {
      ...{
        count: sample.count,
        bad: sample.bad,
        sum: sample.value * sample.count,
        min: sample.value,
        max: sample.value,
      },
      ...{ last: sample.value, lastAt: sample.at, classes: [[durationClass(sample.value), sample.count]] },
    });
  }

  async read({ series, dimensions, from, to, widthMs }: BucketQuery): Promise<Bucket[]> {
    const seconds = this.#inOrder(series);
    const slices = new Map<string, Second>();
    for (let index = firstAfter(seconds, from); index < seconds.length; index++) {
      const second = seconds[index] as Second;
      if (second.at > to) break;
      merge(slices, Math.ceil(second.at / widthMs) * widthMs, only(second.labels, dimensions), second);
    }
    return [...slices.values()].map(({ classCounts, ...bucket }) => ({ ...bucket, classes: [...classCounts] }));
  }

  #inOrder(series: string): Second[] {
    const known = this.#ordered.get(series);
    if (known) return known;
    const ordered = [...(this.#seconds.get(series)?.values() ?? [])]
      .map((second) => ({ ...second, classes: [...second.classCounts] }))
      .sort((a, b) => a.at - b.at);
    this.#ordered.set(series, ordered);
    return ordered;
  }
}

/** Adds counts to the bucket that ends at `at` for these labels. */
function merge(buckets: Map<string, Second>, at: number, labels: Labels, add: Omit<Bucket, 'at' | 'labels'>): void {
  const key = `${at} ${JSON.stringify(Object.entries(labels).sort())}`;
  let bucket = buckets.get(key);
  if (!bucket) {
    const empty = { count: 0, bad: 0, sum: 0, min: add.min, max: add.max, last: add.last, lastAt: add.lastAt };
    bucket = { at, labels, ...empty, classes: [], classCounts: new Map() };
    buckets.set(key, bucket);
  }
  bucket.count += add.count;
  bucket.bad += add.bad;
  bucket.sum += add.sum;
  bucket.min = Math.min(bucket.min, add.min);
  bucket.max = Math.max(bucket.max, add.max);
  if (add.lastAt >= bucket.lastAt) Object.assign(bucket, { last: add.last, lastAt: add.lastAt });
  for (const [index, count] of add.classes) {
    bucket.classCounts.set(index, (bucket.classCounts.get(index) ?? 0) + count);
  }
}

/** The index of the first bucket after `at`, of buckets in order of time. */
export function firstAfter(buckets: readonly Pick<Bucket, 'at'>[], at: number): number {
  let [low, high] = [0, buckets.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((buckets[middle]?.at ?? at) > at) high = middle;
    else low = middle + 1;
  }
  return low;
}
