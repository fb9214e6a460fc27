import type { TelemetryStore } from '../../../lib/telemetry.ts';
import type { Bucket, BucketQuery, BucketSource } from '../ports.ts';

const COLUMNS: ReadonlySet<string> = new Set(['project', 'service', 'environment', 'release']);
const LIMIT_SECONDS = 10;
/** Planning takes longer than reading here, and the older analyzer of ClickHouse plans these statements faster. */
const ANALYZER = 'SETTINGS enable_analyzer = 0';
const NO_CLASSES = "CAST(map(), 'Map(Int16, UInt64)')";

interface BucketRow {
  series: string;
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
    const params = new Params();
    const sql = statement(queries, params);
    const rows = await telemetry.query<BucketRow>(sql, params.values, { maxSeconds: LIMIT_SECONDS });
    const bySeries = new Map(queries.map((query) => [query.series, { query, buckets: [] as Bucket[] }]));
    for (const row of rows) {
      const answer = bySeries.get(row.series);
      answer?.buckets.push(toBucket(row, answer.query.dimensions));
    }
    return queries.map(({ series }) => bySeries.get(series)?.buckets ?? []);
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

/** Values of a statement by the names that it has for them; equal values have one name. */
class Params {
  readonly values: Record<string, string | number> = {};
  readonly #placeholders = new Map<string | number, string>();

  string(value: string): string {
    return this.#of(value, 'String');
  }

  number(value: number): string {
    return this.#of(value, 'UInt32');
  }

  #of(value: string | number, type: string): string {
    const known = this.#placeholders.get(value);
    if (known !== undefined) return known;
    const name = `p${this.#placeholders.size}`;
    const placeholder = `{${name}:${type}}`;
    this.#placeholders.set(value, placeholder);
    this.values[name] = value;
    return placeholder;
  }
}

/** What differs between queries is said once for all that have it in common: reading a long statement takes longer than its answer. */
function statement(queries: readonly BucketQuery[], params: Params): string {
  const seriesOf = (of: readonly BucketQuery[]) => of.map(({ series }) => params.string(series)).join(', ');
  const width = bySeries(queries, seriesOf, ({ widthMs }) => params.number(Math.max(1, Math.round(widthMs / 1_000))));
  const ranges = alike(queries, ({ from, to }) => {
    const [after, until] = [from, to].map((ms) => `toDateTime(${params.number(Math.floor(ms / 1_000))}, 'UTC')`);
    return `b.at > ${after} AND b.at <= ${until}`;
  });
  const withClasses = queries.filter(({ classes }) => classes);
  const classes = withClasses.length > 0 ? `sumMapIf(b.classes, b.series IN (${seriesOf(withClasses)}))` : NO_CLASSES;
  return `SELECT
  b.series AS series,
  toUInt64(intDiv(toUInt32(b.at) + ${width} - 1, ${width})) * ${width} * 1000 AS slice,
  ${bySeries(queries, seriesOf, (query) => labelsOf(query, params))} AS dimensions,
  sum(b.count) AS counted,
  sum(b.bad) AS badCounted,
  sum(b.sum) AS summed,
  min(b.min) AS lowest,
  max(b.max) AS highest,
  argMaxMerge(b.last) AS newest,
  toUnixTimestamp64Milli(max(b.lastAt)) AS newestAt,
  ${classes} AS classCounts
FROM rule_buckets AS b
WHERE ${[...ranges].map(([range, of]) => `(b.series IN (${seriesOf(of)}) AND ${range})`).join('\n  OR ')}
GROUP BY series, slice, dimensions
${ANALYZER}`;
}

/** An expression that differs from series to series. */
function bySeries(
  queries: readonly BucketQuery[],
  seriesOf: (of: readonly BucketQuery[]) => string,
  expression: (query: BucketQuery) => string,
): string {
  const cases = [...alike(queries, expression)];
  const [last] = cases.pop() ?? ['0'];
  if (cases.length === 0) return last;
  return `multiIf(${cases.map(([text, of]) => `b.series IN (${seriesOf(of)}), ${text}`).join(', ')}, ${last})`;
}

/** The queries by what they have in common. */
function alike(queries: readonly BucketQuery[], text: (query: BucketQuery) => string): Map<string, BucketQuery[]> {
  const groups = new Map<string, BucketQuery[]>();
  for (const query of queries) groups.set(text(query), [...(groups.get(text(query)) ?? []), query]);
  return groups;
}

function labelsOf({ dimensions }: BucketQuery, params: Params): string {
  const labels = dimensions.map((name) =>
    COLUMNS.has(name) ? `toString(b.${name})` : `JSONExtractString(b.labels, ${params.string(name)})`,
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
