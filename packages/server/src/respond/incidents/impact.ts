import type { ImpactFigures, ImpactMinute, IncidentImpact } from '@yumops/protocol';
import type { Queryable } from '../../lib/db.ts';
import { endOf, type Incident } from './incident.ts';
import { quantile } from './statistics.ts';
import { findIncident } from './store.ts';

const MINUTE_MS = 60_000;
const MOST_MARKS = 200;

interface FrozenRow {
  kind: string;
  from_at: Date;
  to_at: Date;
  taken_at: Date;
  complete: boolean;
  error: string | null;
  rows: { minute: string; requests: number | string; failed: number | string; p95Ms: number | null }[];
}

type Span = IncidentImpact['spans'][number];
type Mark = IncidentImpact['marks'][number];

/**
 * What an incident did to requests, from what was frozen: it reads no telemetry.
 * @param key id or number. @throws YumOpsError `incident_not_found` (404)
 */
export async function readImpact(db: Queryable, key: string): Promise<IncidentImpact> {
  const incident = await findIncident(db, key);
  const [rows, marks] = await Promise.all([
    db.query<FrozenRow>(
      `SELECT kind, from_at, to_at, taken_at, complete, error, rows FROM incident_evidence
       WHERE incident_id = $1 AND kind IN ('impact', 'impact_end') ORDER BY kind`,
      [incident.id],
    ),
    readMarks(db, incident),
  ]);
  const ended = endOf(incident) !== null;
  const known = rows.filter(({ kind }) => kind === 'impact' || ended);
  const spans = joined(known.map(spanOf)).filter(({ minutes }) => minutes.some(({ requests }) => requests > 0));
  return {
    service: incident.labels['service'] || null,
    spans,
    error: known.find(({ error }) => error !== null)?.error ?? null,
    marks: marks.filter(({ at, until }) => spans.some(({ from, to }) => at < to && (until ?? at) >= from)),
    ...impactFigures(
      incident,
      spans.flatMap(({ minutes }) => minutes),
    ),
  };
}

/** Minutes without a row had no request: traffic of nothing is seen too. */
function spanOf({ from_at, to_at, taken_at, complete, rows }: FrozenRow): Span {
  const byMinute = new Map(rows.map((row) => [instantOf(row.minute), row]));
  const minutes: ImpactMinute[] = [];
  const last = Math.min(to_at.getTime(), taken_at.getTime());
  for (let at = Math.floor(from_at.getTime() / MINUTE_MS) * MINUTE_MS; at < last; at += MINUTE_MS) {
    const row = byMinute.get(at);
    minutes.push({
      at: iso(at),
      ...{ requests: Number(row?.requests ?? 0), failed: Number(row?.failed ?? 0), p95Ms: row?.p95Ms ?? null },
    });
  }
  return {
    from: iso(from_at.getTime()),
    to: iso(to_at.getTime()),
    takenAt: iso(taken_at.getTime()),
    complete,
    minutes,
  };
}

/** Stretches that touch are one; the minute that both have has its requests in two parts. */
function joined(spans: readonly Span[]): Span[] {
  const [first, second] = spans;
  if (!first || !second || first.to < second.from) return [...spans];
  const last = first.minutes.at(-1);
  const [next, ...rest] = second.minutes;
  const minutes =
    last && next && last.at === next.at
      ? [...first.minutes.slice(0, -1), bothParts(last, next), ...rest]
      : [...first.minutes, ...second.minutes];
  const { to, takenAt, complete } = second;
  return [{ from: first.from, to, takenAt, complete: first.complete && complete, minutes }];
}

function bothParts(a: ImpactMinute, b: ImpactMinute): ImpactMinute {
  const more = b.requests > a.requests ? b : a;
  return { at: a.at, requests: a.requests + b.requests, failed: a.failed + b.failed, p95Ms: more.p95Ms };
}

/** The engine writes times without a zone, in UTC. */
function instantOf(text: string): number {
  return Date.parse(`${text.replace(' ', 'T').replace(/Z$/, '')}Z`);
}

const iso = (ms: number) => new Date(ms).toISOString();

async function readMarks(db: Queryable, incident: Incident): Promise<Mark[]> {
  const alerts = await db.query<{ alert_id: string; rule: string; started_at: Date; resolved_at: Date | null }>(
    'SELECT alert_id, rule, started_at, resolved_at FROM incident_alerts WHERE incident_id = $1 ORDER BY started_at LIMIT $2',
    [incident.id, MOST_MARKS],
  );
  const deploys = await db.query<{ at: Date; text: string; link: string | null }>(
    `SELECT at, text, link FROM incident_events WHERE incident_id = $1 AND kind = 'deploy' ORDER BY at LIMIT $2`,
    [incident.id, MOST_MARKS],
  );
  const moment = (kind: Mark['kind'], at: number | null, text: string): Mark[] =>
    at === null ? [] : [{ kind, at: iso(at), until: null, text, link: null }];
  const end = endOf(incident);
  return [
    ...moment('began', incident.startedAt, 'Began'),
    ...moment('mitigated', incident.mitigatedAt, 'No more harm'),
    ...moment('ended', end, incident.status === 'cancelled' ? 'Cancelled' : 'Resolved'),
    ...deploys.map(({ at, text, link }): Mark => ({ kind: 'deploy', at: at.toISOString(), until: null, text, link })),
    ...alerts.map(
      ({ alert_id, rule, started_at, resolved_at }): Mark => ({
        ...{ kind: 'alert', at: started_at.toISOString(), until: resolved_at?.toISOString() ?? null, text: rule },
        link: `/alerts/${alert_id}`,
      }),
    ),
  ].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

/** Figures of these minutes before, during and after an incident, and where they were worst. */
export function impactFigures(
  incident: Pick<Incident, 'startedAt' | 'mitigatedAt' | 'status' | 'resolvedAt' | 'movedAt'>,
  minutes: readonly ImpactMinute[],
): Pick<IncidentImpact, 'before' | 'during' | 'after' | 'worst'> {
  const began = iso(Math.floor(incident.startedAt / MINUTE_MS) * MINUTE_MS);
  const until = incident.mitigatedAt ?? endOf(incident);
  const over = until === null ? null : iso(until);
  const isAfter = ({ at }: ImpactMinute) => over !== null && at >= over;
  const during = minutes.filter((minute) => minute.at >= began && !isAfter(minute));
  const most = (value: (minute: ImpactMinute) => number) =>
    during.reduce<ImpactMinute | null>((worst, one) => {
      return value(one) > (worst === null ? 0 : value(worst)) ? one : worst;
    }, null);
  return {
    before: figuresOf(minutes.filter(({ at }) => at < began)),
    during: figuresOf(during),
    after: figuresOf(minutes.filter(isAfter)),
    worst: {
      error: most(({ requests, failed }) => (requests === 0 ? 0 : failed / requests)),
      p95: most(({ p95Ms }) => p95Ms ?? 0),
    },
  };
}

function figuresOf(minutes: readonly ImpactMinute[]): ImpactFigures {
  const sum = (value: (minute: ImpactMinute) => number) => minutes.reduce((total, one) => total + value(one), 0);
  const requests = sum((one) => one.requests);
  const failed = sum((one) => one.failed);
  const slow = minutes.flatMap(({ p95Ms }) => p95Ms ?? []).sort((a, b) => a - b);
  return {
    ...{ minutes: minutes.length, requests, failed },
    requestsPerMinute: minutes.length === 0 ? null : requests / minutes.length,
    errorPercent: requests === 0 ? null : (100 * failed) / requests,
    p95Ms: quantile(slow, 0.5),
  };
}
