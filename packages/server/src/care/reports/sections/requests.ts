import type { ReportChange, ReportFigure, ReportTable } from '@yumops/protocol';
import type { TelemetryStore } from '../../../lib/telemetry.ts';
import { findShareShift, type Share, type ShareShift } from '../compare/counts.ts';
import { findShift, type Point, pairUp, type Shift } from '../compare/paired.ts';
import { formatAt, formatRatio, formatValue, plural } from '../format.ts';
import type { Observation } from '../observation.ts';
import { type Period, REPORT_KINDS, type Span, stepOf } from '../period.ts';
import { pageOf, type SectionContent, type SectionSource } from '../section.ts';
import { asChart } from '../series.ts';

/** Routes that are looked at, the most asked for first; the others count in the totals alone. */
const MOST_ROUTES = 40;
const ROUTES_SHOWN = 10;
/** A median hour must be so much slower, and so many ms, to be news. */
const LEAST_RATIO = 1.25;
const LEAST_MS = 10;
/** How far a release may lie from a shift and still be named with it, ms. */
const BEFORE_SHIFT = 6 * 3_600_000;
const AFTER_SHIFT = 3 * 3_600_000;
const LIMITS = { maxSeconds: 30 };

/** The smallest duration that a share of requests stays within, from classes of 2 % width. */
const quantile = (share: number) =>
  `pow(1.02, arrayFirst((class, seen) -> seen >= ${share} * arraySum(found.2), found.1, arrayCumSum(found.2)))`;

const ROUTE = `trimBoth(concat(JSONExtractString(m.labels, 'method'), ' ', JSONExtractString(m.labels, 'endpoint')))`;
const FOUND = 'arraySort(arrayZip(mapKeys(sumMap(m.classes)), mapValues(sumMap(m.classes)))) AS found';
const WHERE = `m.series = 'requests' AND m.project != 'yumops' AND m.at > toDateTime({from:UInt32}, 'UTC') AND m.at <= toDateTime({to:UInt32}, 'UTC')`;

interface Total {
  total: number;
  bad: number;
  p50: number;
  p95: number;
  p99: number;
}

interface RouteTotal extends Total {
  route: string;
}

interface Step extends Share {
  route: string;
  p95: number;
}

const params = ({ from, to }: Span) => ({ from: from / 1_000, to: to / 1_000 });

/** All requests of a span together, then those of each route, most asked for first. */
async function readTotals(telemetry: Pick<TelemetryStore, 'query'>, span: Span) {
  const figures = (columns: string, group: string) =>
    `SELECT ${columns} total, bad, ${quantile(0.5)} AS p50, ${quantile(0.95)} AS p95, ${quantile(0.99)} AS p99 FROM (
       SELECT ${group === '' ? '' : `${ROUTE} AS route,`} sum(m.count) AS total, sum(m.bad) AS bad, ${FOUND}
       FROM rule_minutes AS m WHERE ${WHERE} ${group}) WHERE total > 0`;
  const [all] = await telemetry.query<Total>(figures('', ''), params(span), LIMITS);
  const routes = await telemetry.query<RouteTotal>(
    `${figures('route,', 'GROUP BY route')} ORDER BY total DESC, route`,
    params(span),
    LIMITS,
  );
  return { all, routes };
}

function readSteps(
  telemetry: Pick<TelemetryStore, 'query'>,
  span: Span,
  stepMs: number,
  routes: readonly string[],
): Promise<Step[]> {
  return telemetry.query<Step>(
    `SELECT route, at, total, bad, ${quantile(0.95)} AS p95 FROM (
       SELECT ${ROUTE} AS route, intDiv(toUnixTimestamp(m.at) - 1, {step:UInt32}) * {step:UInt32} * 1000 AS at,
         sum(m.count) AS total, sum(m.bad) AS bad, ${FOUND}
       FROM rule_minutes AS m WHERE ${WHERE} AND route IN {routes:Array(String)} GROUP BY route, at)
     ORDER BY route, at`,
    { ...params(span), step: stepMs / 1_000, routes: [...routes] },
    LIMITS,
  );
}

function readAll(telemetry: Pick<TelemetryStore, 'query'>, span: Span, stepMs: number): Promise<Omit<Step, 'route'>[]> {
  return telemetry.query(
    `SELECT at, total, bad, ${quantile(0.95)} AS p95 FROM (
       SELECT intDiv(toUnixTimestamp(m.at) - 1, {step:UInt32}) * {step:UInt32} * 1000 AS at,
         sum(m.count) AS total, sum(m.bad) AS bad, ${FOUND}
       FROM rule_minutes AS m WHERE ${WHERE} GROUP BY at)
     ORDER BY at`,
    { ...params(span), step: stepMs / 1_000 },
    LIMITS,
  );
}

/** A release of which somebody told, or that was first seen. */
export interface NamedDeploy {
  /** Milliseconds since the epoch. */
  at: number;
  version: string;
  environment: string | null;
}

/** Requests: how many, how many failed, how long they took, by route. */
export function requestSection(deps: {
  telemetry: Pick<TelemetryStore, 'query'>;
  deploys(from: number, to: number): Promise<NamedDeploy[]>;
}): SectionSource {
  return {
    key: 'requests',
    title: 'Requests',
    kinds: REPORT_KINDS,
    async read(period) {
      const stepMs = stepOf(period.kind);
      const [now, before] = await Promise.all([
        readTotals(deps.telemetry, period),
        readTotals(deps.telemetry, period.before),
      ]);
      const { all } = now;
      if (!all) return { unknown: 'No request was stored in this time.' };
      const routes = now.routes.filter(({ route }) => route !== '').slice(0, MOST_ROUTES);
      const names = routes.map(({ route }) => route);
      const [steps, old, course, oldCourse, deploys] = await Promise.all([
        readSteps(deps.telemetry, period, stepMs, names),
        readSteps(deps.telemetry, period.before, stepMs, names),
        readAll(deps.telemetry, period, stepMs),
        readAll(deps.telemetry, period.before, stepMs),
        deps.deploys(period.from - BEFORE_SHIFT, period.to),
      ]);
      const found = changesOf({ routes, steps: byRoute(steps), old: byRoute(old), all, deploys }, period);
      return {
        figures: figuresOf(all, before.all, period),
        tables: [tableOf(routes, before.routes, period)],
        charts: chartsOf(course, oldCourse, period, stepMs),
        ...found,
      };
    },
  };
}

const failed = ({ total, bad }: { total: number; bad: number }) => (100 * bad) / total;

function figuresOf(all: Total, before: Total | undefined, period: Period): ReportFigure[] {
  const old = before;
  const logs = (q: string) => pageOf('/logs', { q }, period);
  const timed = (label: string, key: 'p50' | 'p95' | 'p99'): ReportFigure => ({
    ...{ label, value: all[key], unit: 'ms', before: old?.[key] ?? null },
    href: pageOf('/analyses', {}, period),
  });
  return [
    {
      ...{ label: 'Requests', value: all.total, unit: 'count', before: old?.total ?? null },
      href: logs('type:performance'),
    },
    {
      ...{ label: 'Failed', value: failed(all), unit: '%', before: old ? failed(old) : null },
      href: logs('statusCode:>=500'),
    },
    timed('Median', 'p50'),
    timed('p95', 'p95'),
    timed('p99', 'p99'),
  ];
}

/** The log lines of a route's requests. */
function routePage(route: string, span: Span, more = ''): string {
  const endpoint = route.slice(route.indexOf(' ') + 1);
  return pageOf('/logs', { q: `type:performance endpoint:"${endpoint}"${more}` }, span);
}

function tableOf(routes: readonly RouteTotal[], before: readonly RouteTotal[], period: Period): ReportTable {
  const old = new Map(before.map((row) => [row.route, row]));
  const costly = [...routes].sort((a, b) => b.total * b.p95 - a.total * a.p95);
  return {
    title: 'Routes that took most time',
    columns: [
      { label: 'Route', unit: null },
      { label: 'Requests', unit: 'count' },
      { label: 'Failed', unit: '%' },
      { label: 'Median', unit: 'ms' },
      { label: 'p95', unit: 'ms' },
      { label: 'p95 before', unit: 'ms' },
      { label: 'p99', unit: 'ms' },
    ],
    rows: costly.slice(0, ROUTES_SHOWN).map((row) => ({
      href: routePage(row.route, period),
      cells: [row.route, row.total, failed(row), row.p50, row.p95, old.get(row.route)?.p95 ?? null, row.p99],
    })),
    more: Math.max(0, costly.length - ROUTES_SHOWN),
  };
}

function chartsOf(
  course: readonly Omit<Step, 'route'>[],
  before: readonly Omit<Step, 'route'>[],
  period: Period,
  stepMs: number,
) {
  const chart = (title: string, unit: 'count' | 'ms', q: string, read: (step: Omit<Step, 'route'>) => number) =>
    asChart(
      { title, unit, href: pageOf('/logs', { q }, period) },
      { now: course.map((step) => [step.at, read(step)]), before: before.map((step) => [step.at, read(step)]) },
      period,
      stepMs,
    );
  return [
    chart('Requests', 'count', 'type:performance', ({ total }) => total),
    chart('Failed requests', 'count', 'statusCode:>=500', ({ bad }) => bad),
    chart('p95', 'ms', 'type:performance', ({ p95 }) => p95),
  ];
}

function byRoute(steps: readonly Step[]): Map<string, Step[]> {
  const routes = new Map<string, Step[]>();
  for (const step of steps) {
    const known = routes.get(step.route);
    if (known) known.push(step);
    else routes.set(step.route, [step]);
  }
  return routes;
}

interface Courses {
  routes: readonly RouteTotal[];
  steps: ReadonlyMap<string, Step[]>;
  old: ReadonlyMap<string, Step[]>;
  all: Total;
  deploys: readonly NamedDeploy[];
}

const asPoints = (steps: readonly Step[], read: (step: Step) => number): Point[] =>
  steps.map((step) => ({ at: step.at, value: read(step), count: step.total }));

function changesOf(courses: Courses, period: Period): Pick<SectionContent, 'changes' | 'observations'> {
  const { routes, steps, old, all } = courses;
  const tried = routes.length;
  const changes: ReportChange[] = [];
  const observations: Observation[] = [];
  for (const { route, total } of routes) {
    const [now, before] = [steps.get(route) ?? [], old.get(route) ?? []];
    const reach = total / all.total;
    const pairs = pairUp(
      asPoints(before, ({ p95 }) => p95),
      asPoints(now, ({ p95 }) => p95),
    );
    const slower = findShift(pairs, { tried, least: LEAST_RATIO });
    if (slower && Math.abs(slower.after - slower.before) >= LEAST_MS) {
      const told = tellDuration(route, slower, courses.deploys, period);
      changes.push(told.change);
      if (slower.ratio > 1) observations.push({ ...told.observation, reach });
    }
    const failing = findShareShift(before, now, { tried });
    if (failing) {
      const told = tellFailing(route, failing, courses.deploys, period);
      changes.push(told.change);
      if (failing.after > failing.before) observations.push({ ...told.observation, reach });
    }
  }
  return { changes, observations };
}

/** The release that came out about when something changed; undefined where none did. */
export function releaseAt(deploys: readonly NamedDeploy[], since: number): NamedDeploy | undefined {
  return deploys
    .filter(({ at }) => at >= since - BEFORE_SHIFT && at <= since + AFTER_SHIFT)
    .sort((a, b) => Math.abs(a.at - since) - Math.abs(b.at - since))[0];
}

function sinceText(since: number, deploys: readonly NamedDeploy[], { from, timeZone }: Period): string {
  const release = releaseAt(deploys, since);
  if (release) return `since release ${release.version} of ${formatAt(release.at, timeZone)}`;
  return since - from < AFTER_SHIFT ? 'in the whole time' : `since ${formatAt(since, timeZone)}`;
}

function tellDuration(route: string, shift: Shift, deploys: readonly NamedDeploy[], period: Period) {
  const { ratio, before, after, since, pairs } = shift;
  const when = sinceText(since, deploys, period);
  const times = formatRatio(ratio);
  const numbers = `p95 ${formatValue(after, 'ms')} against ${formatValue(before, 'ms')} at the same hours before`;
  const sample = `${plural(pairs, 'hour')} of at least 20 requests`;
  const href = routePage(route, { from: since, to: period.to });
  const change: ReportChange = {
    direction: ratio > 1 ? 'worse' : 'better',
    text: `${route} is ${ratio > 1 ? 'slower' : 'faster'}: ${times}, ${when} (${numbers})`,
    rule: 'hours of the week',
    sample,
    href,
  };
  const observation: Omit<Observation, 'reach'> = {
    code: 'slower_route',
    subject: route,
    title: `Find out why ${route} is slower`,
    reason: `Its p95 is ${times} ${when}.`,
    evidence: [numbers, sample],
    href,
    size: Math.log2(ratio) / 2,
    fresh: true,
  };
  return { change, observation };
}

function tellFailing(route: string, shift: ShareShift, deploys: readonly NamedDeploy[], period: Period) {
  const worse = shift.after > shift.before;
  const when = sinceText(shift.since, deploys, period);
  const numbers = `${formatValue(100 * shift.after, '%')} failed against ${formatValue(100 * shift.before, '%')} before`;
  const sample = `${shift.bad.toLocaleString('en')} of ${plural(shift.total, 'request')}`;
  const href = routePage(route, { from: shift.since, to: period.to }, ' statusCode:>=500');
  const change: ReportChange = {
    direction: worse ? 'worse' : 'better',
    text: `${route} fails ${worse ? 'more' : 'less'} often ${when}: ${numbers}`,
    rule: 'share of failures',
    sample,
    href,
  };
  const observation: Omit<Observation, 'reach'> = {
    code: 'failing_route',
    subject: route,
    title: `Find out why ${route} fails`,
    reason: `${numbers}, ${when}.`,
    evidence: [sample],
    href,
    size: shift.after * 5,
    fresh: true,
  };
  return { change, observation };
}
