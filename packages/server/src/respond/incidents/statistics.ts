import type { IncidentFigures, IncidentStatistics, IncidentTimes, TimeFigure } from '@yumops/protocol';
import type { Queryable } from '../../lib/db.ts';
import { type Incident, isOpen, timesOf } from './incident.ts';
import { incidentFromRow } from './store.ts';

const MOST_READ = 10_000;
const RULES_SHOWN = 20;

/** An incident and the rules of its alerts. */
export interface CountedIncident {
  incident: Incident;
  rules: readonly string[];
}

/** Figures over the incidents that were declared in `[from, to)`, ms since the epoch. */
export async function readStatistics(db: Queryable, from: number, to: number): Promise<IncidentStatistics> {
  const rows = await db.query<Record<string, unknown> & { rules: string[] }>(
    `SELECT i.*, ARRAY(SELECT DISTINCT a.rule FROM incident_alerts a WHERE a.incident_id = i.id ORDER BY 1) AS rules
     FROM incidents i WHERE i.declared_at >= $1 AND i.declared_at < $2 AND NOT i.drill AND i.status <> 'cancelled'
     ORDER BY i.number DESC LIMIT ${MOST_READ}`,
    [new Date(from), new Date(to)],
  );
  const counted = rows.map((row) => ({ incident: incidentFromRow(row), rules: row.rules }));
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString(), ...statisticsOf(counted) };
}

/** The figures of these incidents, drills left out by the caller. */
export function statisticsOf(counted: readonly CountedIncident[]): Omit<IncidentStatistics, 'from' | 'to'> {
  const incidents = counted.map(({ incident }) => incident);
  const ofSeverity = (severity: Incident['severity']) => incidents.filter((one) => one.severity === severity).length;
  const rules = new Map<string, Incident[]>();
  for (const { incident, rules: own } of counted) {
    for (const rule of own) rules.set(rule, [...(rules.get(rule) ?? []), incident]);
  }
  const byRule = [...rules].sort(([a, x], [b, y]) => y.length - x.length || (a < b ? -1 : 1));
  return {
    incidents: incidents.length,
    open: incidents.filter(isOpen).length,
    reopened: incidents.filter(({ reopened }) => reopened > 0).length,
    bySeverity: { critical: ofSeverity('critical'), major: ofSeverity('major'), minor: ofSeverity('minor') },
    figures: figuresOf(incidents),
    byRule: byRule.slice(0, RULES_SHOWN).map(([rule, own]) => ({
      rule,
      incidents: own.length,
      figures: figuresOf(own),
    })),
  };
}

function figuresOf(incidents: readonly Incident[]): IncidentFigures {
  const times = incidents.map(timesOf);
  const figure = (name: keyof IncidentTimes): TimeFigure => {
    const known = times.flatMap((one) => one[name] ?? []).sort((a, b) => a - b);
    return { count: known.length, median: quantile(known, 0.5), p90: quantile(known, 0.9) };
  };
  return {
    detect: figure('detect'),
    acknowledge: figure('acknowledge'),
    mitigate: figure('mitigate'),
    resolve: figure('resolve'),
  };
}

/** Linear interpolation between the two nearest ranks, as PERCENTILE_CONT has it. @param sorted ascending */
export function quantile(sorted: readonly number[], share: number): number | null {
  const place = (sorted.length - 1) * share;
  const low = sorted[Math.floor(place)];
  const high = sorted[Math.ceil(place)];
  if (low === undefined || high === undefined) return null;
  return low + (high - low) * (place - Math.floor(place));
}
