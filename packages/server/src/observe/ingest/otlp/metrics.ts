import { addRow } from '../record/add-row.ts';
import { isObject, type Json, numberOf, objectOf, textMap, textOf } from '../record/json-value.ts';
import type { PartSet } from '../record/part-set.ts';
import { scrubTree } from '../record/scrub-tree.ts';
import { decodeMessage } from './decode.ts';
import type { Tally } from './traces.ts';
import { attributesOf, believed, listOf, member, originOf, readNanos } from './value.ts';

/** Kinds of metrics, with the message of their points. */
const KINDS = {
  gauge: 'NumberPoint',
  sum: 'NumberPoint',
  histogram: 'HistogramPoint',
  exponentialHistogram: 'ExponentialPoint',
  summary: 'SummaryPoint',
} as const;

type Kind = keyof typeof KINDS;

/** The point says that its series has no value at this time. */
const NO_RECORDED_VALUE = 1;

interface Around {
  project: string;
  now: number;
  origin: ReturnType<typeof originOf>;
  resource: Readonly<Record<string, unknown>>;
  /** Begins the ids of the rows. */
  seed: string;
}

/**
 * Adds the points of an export request. A point that comes again, by series and time, is one row. What is refused is counted in points, as
 * OTLP has it: a metric without any costs nothing, and is told of all the same.
 */
export function addMetrics(
  request: Json,
  parts: PartSet,
  context: { project: string; now: number; seed: string },
): Tally {
  const tally: Tally = { accepted: 0, rejected: 0, message: '' };
  for (const group of listOf(request, 'resourceMetrics')) {
    const resource = attributesOf(objectOf(group['resource']));
    const around = { ...context, origin: originOf(resource), resource };
    for (const scope of listOf(group, 'scopeMetrics')) {
      for (const metric of listOf(scope, 'metrics')) addMetric(metric, parts, around, tally);
    }
  }
  return tally;
}

function addMetric(metric: Json, parts: PartSet, around: Around, tally: Tally): void {
  const kind = (Object.keys(KINDS) as Kind[]).find((one) => isObject(member(metric, one)));
  const name = textOf(scrubTree(metric['name']), 300);
  if (kind === undefined || name === null) {
    tally.rejected += countPoints(metric);
    tally.message =
      name === null ? 'a metric needs a name' : `metric ${name}: it has no points of a kind that is known`;
    return;
  }
  const data = objectOf(member(metric, kind));
  const shared = { name, type: typeOf(kind, data), unit: textOf(scrubTree(metric['unit']), 64) };
  for (const given of pointsOf(data, kind)) {
    const outcome = isObject(given) ? addPoint(given, kind, shared, parts, around, tally.accepted) : 'not an object';
    if (outcome === undefined) tally.accepted += 1;
    else if (outcome !== 'empty') {
      tally.rejected += 1;
      tally.message = `metric ${name}: ${outcome}`;
    }
  }
}

/** Those of all kinds, also of one that only the sender knows; protobuf leaves no trace of those. */
function countPoints(metric: Json): number {
  const lists = Object.values(metric).map((data) => (isObject(data) ? member(data, 'dataPoints') : undefined));
  return lists.reduce<number>((sum, points) => sum + (Array.isArray(points) ? points.length : 0), 0);
}

function pointsOf(data: Json, kind: Kind): readonly unknown[] {
  const points = member(data, 'dataPoints');
  if (!Array.isArray(points)) return [];
  return points.map((point: unknown) => (point instanceof Uint8Array ? decodeMessage(KINDS[kind], point) : point));
}

function typeOf(kind: Kind, data: Json): string {
  if (kind === 'sum') return member(data, 'isMonotonic') === true ? 'counter' : 'updown';
  return kind === 'exponentialHistogram' ? 'histogram' : kind;
}

/** @returns why it was refused; `empty` when there is nothing to add */
function addPoint(
  point: Json,
  kind: Kind,
  shared: { name: string; type: string; unit: string | null },
  parts: PartSet,
  around: Around,
  index: number,
): string | undefined {
  const { project, now, origin, seed } = around;
  if ((Number(point['flags'] ?? 0) & NO_RECORDED_VALUE) !== 0) return 'empty';
  const figures = KINDS[kind] === 'NumberPoint' ? numberFigures(point) : countFigures(point);
  if (figures === undefined) return 'a point has no finite value';
  const { at } = believed(readNanos(member(point, 'timeUnixNano')), now);
  addRow(parts, 'metric_rows', 'metrics', at, {
    timestamp: at,
    receivedAt: now,
    id: `${at.toString(36)}-${seed}-${index.toString(36)}`,
    project,
    ...origin,
    ...shared,
    ...figures,
    attributes: textMap(scrubTree({ ...around.resource, ...attributesOf(point) })),
  });
  return undefined;
}

function numberFigures(point: Json) {
  const value = numberOf(member(point, 'asDouble')) ?? numberOf(member(point, 'asInt'));
  return value === null ? undefined : { value };
}

function countFigures(point: Json) {
  const count = numberOf(point['count'] ?? 0);
  if (count === null || count < 0) return undefined;
  return { count: Math.floor(count), sum: numberOf(point['sum']) };
}
