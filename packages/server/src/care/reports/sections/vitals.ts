import type { VitalGroup, VitalName } from '@yumops/protocol';
import type { TelemetryStore } from '../../../lib/telemetry.ts';
import { readVitals, readVitalsTotal } from '../../../observe/vitals/index.ts';
import { normalQuantile } from '../compare/paired.ts';
import { formatRatio, formatValue, plural } from '../format.ts';
import type { Observation } from '../observation.ts';
import { type Period, REPORT_KINDS, type Span } from '../period.ts';
import { pageOf, type SectionSource } from '../section.ts';

const LEAST_VIEWS = 100;
const LEAST_RATIO = 1.15;
const MISTAKES = 0.001;
/** Under no change so many values lie above the old p75. */
const ABOVE = 0.25;

const unitOf = (name: VitalName) => (name === 'CLS' ? ('score' as const) : ('ms' as const));

interface Exceeding {
  name: VitalName;
  route: string;
  views: number;
  above: number;
}

/** Web vitals: the p75 of each, and where it moved. */
export function vitalSection({ telemetry }: { telemetry: TelemetryStore }): SectionSource {
  const total = ({ from, to }: Span) => readVitalsTotal(telemetry, { from, to, only: {} });
  const byRoute = ({ from, to }: Span) => readVitals(telemetry, { from, to, only: {} }, 'route');
  return {
    key: 'vitals',
    title: 'Web vitals',
    kinds: REPORT_KINDS,
    async read(period) {
      const [now, before, routes, oldRoutes] = await Promise.all([
        total(period),
        total(period.before),
        byRoute(period),
        byRoute(period.before),
      ]);
      if (now.views === 0) return { unknown: 'No page view was measured in this time.' };
      const exceeding = await readExceeding(telemetry, oldRoutes, period);
      const moved = movedOf(routes, oldRoutes, exceeding, period);
      return {
        figures: now.vitals.map(({ name, p75, count }) => ({
          ...{ label: `${name} p75`, value: p75, unit: unitOf(name) },
          before: before.vitals.find((one) => one.name === name)?.p75 ?? null,
          href: pageOf('/users', { vital: name }, period),
          note: plural(count, 'page view'),
        })),
        changes: moved.map(({ change }) => change),
        observations: moved.flatMap(({ observation }) => observation ?? []),
      };
    },
  };
}

/** How many values lie above the p75 of the time before, by route and vital. */
function readExceeding(
  telemetry: Pick<TelemetryStore, 'query'>,
  routes: readonly VitalGroup[],
  { from, to }: Span,
): Promise<Exceeding[]> {
  const limits = routes.flatMap(({ key, vitals }) => vitals.map(({ name, p75 }) => ({ key: `${name} ${key}`, p75 })));
  if (limits.length === 0) return Promise.resolve([]);
  return telemetry.query<Exceeding>(
    `SELECT name, ifNull(toString(route), '') AS route, count() AS views,
       countIf(value > arrayElement({limits:Array(Float64)}, indexOf({keys:Array(String)}, concat(name, ' ', route)))) AS above
     FROM web_vitals WHERE timestamp >= fromUnixTimestamp64Milli({from:Int64}) AND timestamp < fromUnixTimestamp64Milli({to:Int64})
       AND has({keys:Array(String)}, concat(name, ' ', ifNull(toString(route), '')))
     GROUP BY name, route`,
    { from, to, keys: limits.map(({ key }) => key), limits: limits.map(({ p75 }) => p75) },
    { maxSeconds: 20 },
  );
}

/**
 * The rule "above the old p75": under no change a quarter of the values lies above it. At least 100 page views in both
 * times, a chance below 0.001 over all routes and vitals together, and a p75 that differs by 15 %.
 */
function movedOf(
  routes: readonly VitalGroup[],
  before: readonly VitalGroup[],
  exceeding: readonly Exceeding[],
  period: Period,
) {
  const limit = normalQuantile(1 - MISTAKES / (2 * Math.max(1, exceeding.length)));
  const figure = (groups: readonly VitalGroup[], { name, route }: Exceeding) =>
    groups.find(({ key }) => key === route)?.vitals.find((one) => one.name === name);
  const views = Math.max(1, ...routes.map((group) => group.views));
  return exceeding.flatMap((one) => {
    const [now, old] = [figure(routes, one), figure(before, one)];
    if (!now || !old || now.count < LEAST_VIEWS || old.count < LEAST_VIEWS) return [];
    // Both samples have noise: the old p75 is as uncertain as its own page views are few.
    const deviation = Math.sqrt(ABOVE * (1 - ABOVE) * (1 / one.views + 1 / old.count));
    const ratio = old.p75 === 0 ? Number.POSITIVE_INFINITY : now.p75 / old.p75;
    if (Math.abs(one.above / one.views - ABOVE) / deviation < limit) return [];
    if (ratio < LEAST_RATIO && ratio > 1 / LEAST_RATIO) return [];
    return [
      tell(
        one,
        { now: now.p75, old: old.p75, ratio, sample: [now.count, old.count], reach: now.count / views },
        period,
      ),
    ];
  });
}

function tell(
  { name, route }: Exceeding,
  seen: { now: number; old: number; ratio: number; sample: [number, number]; reach: number },
  period: Period,
) {
  const { now, old, ratio } = seen;
  const where = route === '' ? 'pages without a route' : route;
  const numbers = `p75 ${formatValue(now, unitOf(name))} against ${formatValue(old, unitOf(name))}`;
  const sample = `${plural(seen.sample[0], 'page view')}, ${seen.sample[1].toLocaleString('en')} before`;
  const href = pageOf('/users', { vital: name, route: route === '' ? undefined : route }, period);
  const observation: Observation = {
    code: 'vital_worse',
    subject: `${name} ${where}`,
    title: `Find out why ${name} of ${where} is worse`,
    reason: `It is ${Number.isFinite(ratio) ? formatRatio(ratio) : 'no longer 0'}: ${numbers}.`,
    evidence: [sample],
    href,
    size: Math.log2(Math.min(ratio, 8)) / 2,
    reach: seen.reach,
    fresh: true,
  };
  return {
    change: {
      direction: ratio > 1 ? ('worse' as const) : ('better' as const),
      text: `${name} of ${where} is ${ratio > 1 ? 'worse' : 'better'}: ${numbers}`,
      rule: 'above the old p75',
      sample,
      href,
    },
    observation: ratio > 1 ? observation : undefined,
  };
}
