import type { TelemetryStore } from '../../../lib/telemetry.ts';
import type { Bucket, BucketQuery, BucketSource } from '../ports.ts';

const COLUMNS: ReadonlySet<string> = new Set(['project', 'service', 'environment', 'release']);
const LIMIT_SECONDS = 10;

interface BucketRow {
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

/** The buckets that the telemetry store fills as rows arrive (`rule_buckets`). */
export function storedBuckets(telemetry: TelemetryStore): BucketSource {
  return {
    async read(query) {
      const params: Record<string, unknown> = {
        series: query.series,
        from: Math.floor(query.from / 1_000),
        to: Math.floor(query.to / 1_000),
        width: Math.max(1, Math.round(query.widthMs / 1_000)),
      };
      query.dimensions.forEach((name, index) => {
        params[`label${index}`] = name;
      });
      const rows = await telemetry.query<BucketRow>(statement(query), params, { maxSeconds: LIMIT_SECONDS });
      return rows.map((row) => toBucket(row, query.dimensions));
    },
  };
}

function statement({ dimensions, classes }: BucketQuery): string {
  const labels = dimensions.map((name, index) =>
    COLUMNS.has(name) ? `toString(b.${name})` : `JSONExtractString(b.labels, {label${index}:String})`,
  );
  return `SELECT
  toUInt64(intDiv(toUInt32(b.at) + {width:UInt32} - 1, {width:UInt32})) * {width:UInt32} * 1000 AS slice,
  [${labels.join(', ')}]::Array(String) AS dimensions,
  sum(b.count) AS counted,
  sum(b.bad) AS badCounted,
  sum(b.sum) AS summed,
  min(b.min) AS lowest,
  max(b.max) AS highest,
  argMaxMerge(b.last) AS newest,
  toUnixTimestamp64Milli(max(b.lastAt)) AS newestAt,
  ${classes ? 'sumMap(b.classes)' : "CAST(map(), 'Map(Int16, UInt64)')"} AS classCounts
FROM rule_buckets AS b
WHERE b.series = {series:String} AND b.at > toDateTime({from:UInt32}, 'UTC') AND b.at <= toDateTime({to:UInt32}, 'UTC')
GROUP BY slice, dimensions`;
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
