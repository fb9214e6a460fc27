import type { ImpactFigures, IncidentDetail, IncidentImpact, Postmortem } from '@yumops/protocol';
import type { Queryable } from '../../lib/db.ts';
import { formatDuration } from '../../lib/duration.ts';
import { YumOpsError } from '../../lib/errors.ts';
import type { Change, IncidentDeps } from './ports.ts';
import { findIncident, recordFacts } from './store.ts';

const TEXT_MAX = 500_000;
const TIMELINE_MAX = 400;

/** What was saved as the postmortem of an incident; null when nothing was. */
export async function savedPostmortem(db: Queryable, incidentId: string): Promise<Postmortem | null> {
  const [row] = await db.query<{ postmortem: string | null; postmortem_by: string; postmortem_at: Date }>(
    'SELECT postmortem, postmortem_by, postmortem_at FROM incidents WHERE id = $1',
    [incidentId],
  );
  if (row?.postmortem == null) return null;
  return { text: row.postmortem, saved: true, by: row.postmortem_by, at: row.postmortem_at.toISOString() };
}

/** Keeps the text that people made of the draft. @throws YumOpsError `incident_not_found` (404), `invalid_incident` (400) */
export async function savePostmortem(
  deps: IncidentDeps,
  key: string,
  text: string,
  { actor, now }: Change,
): Promise<void> {
  if (text.trim() === '' || text.length > TEXT_MAX) {
    throw new YumOpsError('invalid_incident', `A postmortem has 1 to ${TEXT_MAX} characters.`, { status: 400 });
  }
  await deps.db.transaction(async (tx) => {
    const incident = await findIncident(tx, key, true);
    const before = await savedPostmortem(tx, incident.id);
    await tx.query('UPDATE incidents SET postmortem = $2, postmortem_by = $3, postmortem_at = $4 WHERE id = $1', [
      ...[incident.id, text, actor, new Date(now)],
    ]);
    const line = `The postmortem was ${before === null ? 'written' : 'changed'}`;
    await recordFacts(tx, incident.id, [{ at: now, kind: 'change', actor, text: line }]);
    await deps.audit(tx, { at: now, actor, action: 'incident.postmortem', target: incident.id });
  });
  deps.changed();
}

/** Lines that tell the story: what repeats itself is left to the page of the incident. */
const TOLD: ReadonlySet<string> = new Set(['notification', 'alert', 'check']);

/** A draft in Markdown from what is known; people add what only they know. */
export function draftPostmortem(incident: IncidentDetail, impact: IncidentImpact): string {
  const { number, title } = incident;
  const open = incident.tasks.map(({ title: task, assignee, doneAt }) => {
    return `- [${doneAt === null ? ' ' : 'x'}] ${plain(task)}${assignee === null ? '' : ` (${plain(assignee)})`}`;
  });
  return [
    `# Postmortem: ${plain(title)}`,
    '',
    `Incident ${number}${incident.drill ? ' (drill)' : ''}, severity ${incident.severity}, ${incident.status}. Times are in UTC.`,
    '',
    '## Summary',
    '',
    incident.summary === '' ? '_What happened, in two sentences that anybody understands._' : plain(incident.summary),
    '',
    ...impactSection(incident, impact),
    '## People',
    '',
    ...listOr(
      Object.entries(incident.roles).map(([role, person]) => `- ${role}: ${plain(person)}`),
      '_Nobody had a role._',
    ),
    '',
    '## What was wrong',
    '',
    ...listOr(
      incident.alerts.map(
        (alert) =>
          `- ${plain(alert.rule)} (${alert.severity}), from ${utc(alert.startedAt)} to ${alert.resolvedAt === null ? 'now' : utc(alert.resolvedAt)}`,
      ),
      '_No alert belongs to it._',
    ),
    '',
    '## Cause',
    '',
    ...causes(incident),
    '',
    '## Timeline',
    '',
    ...timelineOf(incident),
    '',
    '## What went well, what did not',
    '',
    '- ',
    '',
    '## What is done about it',
    '',
    ...listOr(open, '- [ ] '),
    '',
  ].join('\n');
}

function impactSection(incident: IncidentDetail, impact: IncidentImpact): string[] {
  const { times } = incident;
  const figure = (ms: number | null) => (ms === null ? 'not known' : formatDuration(ms));
  return [
    '## Impact',
    '',
    '_Who noticed what, and for how long._',
    '',
    ...impactOf(impact),
    '| | |',
    '|---|---|',
    `| Began | ${utc(incident.startedAt)} |`,
    `| Detected | ${utc(incident.detectedAt)}, after ${figure(times.detect)} |`,
    `| Taken | ${incident.acknowledgedAt === null ? 'by nobody' : `${utc(incident.acknowledgedAt)} by ${plain(incident.acknowledgedBy ?? '')}, ${figure(times.acknowledge)} after detection`} |`,
    `| No more harm | ${incident.mitigatedAt === null ? 'not yet' : `${utc(incident.mitigatedAt)}, after ${figure(times.mitigate)}`} |`,
    `| Resolved | ${incident.resolvedAt === null ? 'not yet' : `${utc(incident.resolvedAt)}, after ${figure(times.resolve)}`} |`,
    `| Opened again | ${incident.reopened} times |`,
    '',
  ];
}

/** What was counted before, during and after; nothing where no request was. */
function impactOf({ spans, service, before, during, after, worst }: IncidentImpact): string[] {
  if (spans.length === 0) return [];
  const share = (figures: ImpactFigures) => {
    return figures.errorPercent === null ? 'no request' : `${round(figures.errorPercent)} %`;
  };
  const row = (name: string, cell: (figures: ImpactFigures) => string) => {
    return `| ${name} | ${[before, during, after].map((one) => (one.minutes === 0 ? '-' : cell(one))).join(' | ')} |`;
  };
  const peak = worst.error && (100 * worst.error.failed) / worst.error.requests;
  return [
    `${service === null ? 'Requests' : `Requests of ${plain(service)}`} around it, from the frozen evidence:`,
    '',
    '| | Before | During | After |',
    '|---|---|---|---|',
    row('Requests a minute', ({ requestsPerMinute }) => round(requestsPerMinute ?? 0)),
    row('Failed', ({ failed, requests }) => `${failed} of ${requests}`),
    row('Error rate', share),
    row('p95, median of the minutes', ({ p95Ms }) => (p95Ms === null ? '-' : `${round(p95Ms)} ms`)),
    '',
    ...(worst.error && peak !== null ? [`Most failed at ${utc(worst.error.at)}: ${round(peak)} %.`] : []),
    ...(worst.p95 ? [`Slowest at ${utc(worst.p95.at)}: p95 ${round(worst.p95.p95Ms ?? 0)} ms.`] : []),
    '',
  ];
}

function round(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function causes({ timeline }: IncidentDetail): string[] {
  const suspects = timeline.filter(({ kind }) => kind === 'deploy' || kind === 'change' || kind === 'finding');
  if (suspects.length === 0) return ['_Nothing was deployed or changed shortly before. Write what it was._'];
  return [
    'Changed around the beginning:',
    '',
    ...suspects.slice(0, 20).map(({ at, text }) => `- ${utc(at)} ${plain(text)}`),
    '',
    '_Which of these was it, and why could it happen?_',
  ];
}

function timelineOf({ timeline }: IncidentDetail): string[] {
  const counted = new Map<string, number>();
  const lines = timeline.filter(({ kind, text }) => {
    if (!TOLD.has(kind)) return true;
    const count = (counted.get(`${kind} ${text}`) ?? 0) + 1;
    counted.set(`${kind} ${text}`, count);
    return count === 1;
  });
  const shown = lines.slice(0, TIMELINE_MAX).map(({ at, kind, actor, text }) => {
    return `- ${utc(at)} **${kind}** ${actor === null ? '' : `${plain(actor)}: `}${plain(text)}`;
  });
  const more = lines.length - shown.length;
  return more > 0 ? [...shown, `- … and ${more} more lines on the page of the incident`] : shown;
}

function listOr(lines: string[], otherwise: string): string[] {
  return lines.length === 0 ? [otherwise] : lines;
}

function utc(iso: string): string {
  return iso.slice(0, 19).replace('T', ' ');
}

/** Text of others in a line of Markdown: no markup of theirs comes into force. */
function plain(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll(/[\\`*_[\]<>|#]/g, '\\$&');
}
