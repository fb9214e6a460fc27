import type { TelemetryStore } from '../../../lib/telemetry.ts';
import type { Bucket, BucketQuery, BucketSource } from '../ports.ts';

const COLUMNS: ReadonlySet<string> = new Set(['project', 'service', 'environment', 'release']);
const LIMIT_SECONDS = 10;

interface BucketRow {
  /** Which of the queries it answers. */
  part: number;
  slice: number;
  dimensions: string[];
  counted: number;
  badCounted: number;
  summed: number;
  lowest: number;
  highest: number;
  newest: number;
  newestAt: number;
  classCounts: Record<string, number>;
}

/** A query that waits for its answer. */
interface Asked {
  query: BucketQuery;
  done(buckets: Bucket[]): void;
  failed(error: unknown): void;
}

/**
 * The buckets that the telemetry store fills as rows arrive (`rule_buckets`). Queries that are asked together are one
 * statement, as far as they read different series.
 */
export function storedBuckets(telemetry: TelemetryStore): BucketSource {
  let waiting: Asked[] = [];
  const ask = async (queries: readonly BucketQuery[]): Promise<Bucket[][]> => {
    const rows = await telemetry.query<BucketRow>(statement(queries), paramsOf(queries), { maxSeconds: LIMIT_SECONDS });
    const answers: Bucket[][] = queries.map(() => []);
    for (const row of rows) {
      const { dimensions = [] } = queries[row.part] ?? {};
      answers[row.part]?.push(toBucket(row, dimensions));
    }
    return answers;
  };
  const answer = async (asked: readonly Asked[]): Promise<void> => {
    try {
      const answers = await ask(asked.map(({ query }) => query));
      for (const [index, { done }] of asked.entries()) done(answers[index] ?? []);
    } catch (error) {
      // One series that cannot be read keeps no other from being read.
      if (asked.length > 1) await Promise.all(asked.map((one) => answer([one])));
      else for (const { failed } of asked) failed(error);
    }
  };
  const drain = () => {
    const asked = waiting;
    waiting = [];
    for (const round of roundsOf(asked)) void answer(round);
  };
  return {
    read: (query) =>
      new Promise((done, failed) => {
        if (waiting.length === 0) queueMicrotask(drain);
        waiting.push({ query, done, failed });
      }),
  };
}

/** A row belongs to one query of a statement: two over the same series are two statements. */
function roundsOf(asked: readonly Asked[]): Asked[][] {
  const rounds: Asked[][] = [];
  for (const one of asked) {
    const round = rounds.find((others) => !others.some(({ query }) => query.series === one.query.series));
    if (round) round.push(one);
    else rounds.push([one]);
  }
  return rounds;
}

function paramsOf(queries: readonly BucketQuery[]): Record<string, unknown> {
  const params: Record<string, unknown> = {};
  queries.forEach((query, part) => {
    params[`series${part}`] = query.series;
    params[`from${part}`] = Math.floor(query.from / 1_000);
    params[`to${part}`] = Math.floor(query.to / 1_000);
    params[`width${part}`] = Math.max(1, Math.round(query.widthMs / 1_000));
    query.dimensions.forEach((name, index) => {
      params[`label${part}x${index}`] = name;
    });
  });
  return params;
}

function statement(queries: readonly BucketQuery[]): string {
  const width = byPart(queries, (_, part) => `{width${part}:UInt32}`);
  const classes = queries.flatMap((query, part) => (query.classes ? [`{series${part}:String}`] : []));
  const ranges = queries.map(
    (_, part) =>
      `(b.series = {series${part}:String} AND b.at > toDateTime({from${part}:UInt32}, 'UTC') AND b.at <= toDateTime({to${part}:UInt32}, 'UTC'))`,
  );
  return `SELECT
  ${byPart(queries, (_, part) => String(part))} AS part,
  ${width} AS width,
  toUInt64(intDiv(toUInt32(b.at) + width - 1, width)) * width * 1000 AS slice,
  ${byPart(queries, labelsOf)} AS dimensions,
  sum(b.count) AS counted,
  sum(b.bad) AS badCounted,
  sum(b.sum) AS summed,
  min(b.min) AS lowest,
  max(b.max) AS highest,
  argMaxMerge(b.last) AS newest,
  toUnixTimestamp64Milli(max(b.lastAt)) AS newestAt,
  ${classes.length > 0 ? `sumMapIf(b.classes, b.series IN (${classes.join(', ')}))` : "CAST(map(), 'Map(Int16, UInt64)')"} AS classCounts
FROM rule_buckets AS b
WHERE ${ranges.join('\n  OR ')}
GROUP BY part, width, slice, dimensions`;
}

/** An expression that differs from query to query. */
function byPart(queries: readonly BucketQuery[], of: (query: BucketQuery, part: number) => string): string {
  const [first, ...others] = queries.map((query, part) => of(query, part));
  if (others.length === 0) return first ?? '0';
  const last = others.pop();
  const cases = [first, ...others].map((text, part) => `b.series = {series${part}:String}, ${text}`);
  return `multiIf(${cases.join(', ')}, ${last})`;
}

function labelsOf({ dimensions }: BucketQuery, part: number): string {
  const labels = dimensions.map((name, index) =>
    COLUMNS.has(name) ? `toString(b.${name})` : `JSONExtractString(b.labels, {label${part}x${index}:String})`,
  );
  return `[${labels.join(', ')}]::Array(String)`;
}

function toBucket(row: BucketRow, dimensions: readonly string[]): Bucket {
  const labels = dimensions.map((name, index): [string, string] => [name, row.dimensions[index] ?? '']);
  return {
    at: row.slice,
    labels: Object.fromEntries(labels.filter(([, value]) => value !== '')),
    count: row.counted,
    bad: row.badCounted,
    sum: row.summed,
    min: row.lowest,
    max: row.highest,
    last: row.newest,
    lastAt: row.newestAt,
    classes: Object.entries(row.classCounts).map(([index, count]) => [Number(index), count]),
  };
}
