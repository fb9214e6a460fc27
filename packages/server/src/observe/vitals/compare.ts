import type { ReleaseViews, VitalComparison, VitalName, VitalSample, VitalsComparison } from '@yumops/protocol';
import type { TelemetryStore } from '../../lib/telemetry.ts';
import { ratingOf } from './rating.ts';
import { VITAL_ORDER, type VitalSelection, whereOf } from './read-vitals.ts';

/** Releases that may be compared: none is named where the newest two are meant. */
export interface ReleasePair {
  before?: string | undefined;
  after?: string | undefined;
}

const MOST_RELEASES = 50;
/** With fewer page views a 75th percentile has no interval that says anything. */
const FEWEST = 30;

interface Row {
  release: string;
  name: VitalName;
  p75: number;
  low: number;
  high: number;
  count: number;
}

/**
 * The vitals of two releases side by side. A difference counts where the 95 % intervals of both percentiles do not
 * overlap: the values at the ranks 0.75 n ± 1.96 √(n · 0.75 · 0.25), which suppose nothing of how values are spread.
 */
export async function compareReleases(
  telemetry: TelemetryStore,
  selection: VitalSelection,
  pair: ReleasePair,
): Promise<VitalsComparison> {
  const { where, params } = whereOf(selection);
  const releases = await telemetry.query<ReleaseViews>(
    `SELECT release, formatDateTime(min(earliest), '%Y-%m-%dT%H:%i:%S.%fZ', 'UTC') AS firstSeenAt, max(views) AS views FROM (
       SELECT assumeNotNull(v.release) AS release, name, min(timestamp) AS earliest, count() AS views FROM web_vitals AS v
       WHERE v.release IS NOT NULL AND ${where} GROUP BY v.release, name)
     GROUP BY release ORDER BY firstSeenAt DESC, release DESC LIMIT ${MOST_RELEASES}`,
    params,
  );
  const after = pair.after ?? releases.find(({ release }) => release !== pair.before)?.release ?? null;
  const before = pair.before ?? olderThan(releases, after);
  if (before === null || after === null) return { before, after, releases, items: [] };
  const rows = await telemetry.query<Row>(
    `SELECT release, name, count, p75, sorted[greatest(1, toUInt64(floor(0.75 * count - spread)))] AS low,
       sorted[least(count, toUInt64(ceil(0.75 * count + spread)) + 1)] AS high
     FROM (
       SELECT assumeNotNull(v.release) AS release, name, count() AS count, arraySort(groupArray(value)) AS sorted,
         quantileExactInclusive(0.75)(value) AS p75, 1.96 * sqrt(count * 0.75 * 0.25) AS spread
       FROM web_vitals AS v WHERE v.release IN {pair:Array(String)} AND ${where} GROUP BY v.release, name)`,
    { ...params, pair: [before, after] },
  );
  const sampleOf = (release: string, name: VitalName) => toSample(rows.find(isOf(release, name)));
  const items = VITAL_ORDER.map((name) => compared(name, sampleOf(before, name), sampleOf(after, name)));
  return { before, after, releases, items: items.filter((item) => item.before !== null || item.after !== null) };
}

/** The release that was first seen just before another. */
function olderThan(releases: readonly ReleaseViews[], after: string | null): string | null {
  const at = releases.findIndex(({ release }) => release === after);
  return (at === -1 ? undefined : releases[at + 1]?.release) ?? null;
}

const isOf = (release: string, name: VitalName) => (row: Row) => row.release === release && row.name === name;

function toSample(row: Row | undefined): VitalSample | null {
  if (!row) return null;
  const { name, p75, low, high, count } = row;
  return { p75, low, high, count, rating: ratingOf(name, p75) };
}

function compared(name: VitalName, before: VitalSample | null, after: VitalSample | null): VitalComparison {
  const difference = before && after ? after.p75 - before.p75 : null;
  const share = before && difference !== null && before.p75 > 0 ? difference / before.p75 : null;
  return { name, before, after, difference, share, verdict: verdictOf(before, after) };
}

function verdictOf(before: VitalSample | null, after: VitalSample | null): VitalComparison['verdict'] {
  if (!before || !after || Math.min(before.count, after.count) < FEWEST) return 'too-few';
  if (after.low > before.high) return 'worse';
  return after.high < before.low ? 'better' : 'no-difference';
}
