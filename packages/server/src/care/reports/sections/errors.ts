import type { ErrorIssue } from '@yumops/protocol';
import { countChanged } from '../compare/counts.ts';
import { plural } from '../format.ts';
import type { Observation } from '../observation.ts';
import { type Period, REPORT_KINDS, type Span } from '../period.ts';
import { pageOf, type SectionContent, type SectionSource } from '../section.ts';

/** Issues that are read of a period, those with most people first. */
const MOST_ISSUES = 500;
const ISSUES_SHOWN = 10;
/** Issues that are looked at one by one for what to do. */
const OBSERVED = 10;
/** A new issue that came once may be anything; from so many events on it is for the list. */
const LEAST_EVENTS = 3;

/** Errors: how many, which are new, which came back. */
export function errorSection(deps: {
  list(span: Span, limit: number): Promise<{ items: ErrorIssue[]; more: boolean }>;
}): SectionSource {
  return {
    key: 'errors',
    title: 'Errors',
    kinds: REPORT_KINDS,
    async read(period) {
      const [now, before] = await Promise.all([deps.list(period, MOST_ISSUES), deps.list(period.before, MOST_ISSUES)]);
      if (now.items.length === 0 && before.items.length === 0) {
        return { unknown: 'No error event was stored in this time or the time before.' };
      }
      return contentOf(now.items, before.items, period);
    },
  };
}

const eventsOf = (issues: readonly ErrorIssue[]) => issues.reduce((sum, { count }) => sum + count, 0);

function contentOf(now: readonly ErrorIssue[], before: readonly ErrorIssue[], period: Period): SectionContent {
  const beganIn = ({ firstSeen }: ErrorIssue, { from, to }: Span) =>
    Date.parse(firstSeen) >= from && Date.parse(firstSeen) < to;
  const fresh = now.filter((issue) => beganIn(issue, period));
  const back = now.filter(({ substatus }) => substatus === 'regressed');
  const list = (view: string | undefined) => pageOf('/errors', { view, sort: 'events' }, period);
  const old = before.length === 0 ? null : before;
  return {
    figures: [
      {
        ...{ label: 'Events', value: eventsOf(now), unit: 'count', before: old && eventsOf(old) },
        href: list(undefined),
      },
      { label: 'Issues', value: now.length, unit: 'count', before: old?.length ?? null, href: list(undefined) },
      {
        ...{ label: 'New issues', value: fresh.length, unit: 'count' },
        before: old?.filter((issue) => beganIn(issue, period.before)).length ?? null,
        href: pageOf('/errors', { sort: 'first' }, period),
      },
      { label: 'Came back', value: back.length, unit: 'count', href: list(undefined) },
    ],
    tables: [
      {
        title: 'Issues',
        columns: [
          { label: 'Issue', unit: null },
          { label: 'State', unit: null },
          { label: 'Events', unit: 'count' },
          { label: 'Before', unit: 'count' },
          { label: 'People', unit: 'count' },
        ],
        rows: worstFirst(now, fresh)
          .slice(0, ISSUES_SHOWN)
          .map((issue) => ({
            href: issuePage(issue, period),
            cells: [
              nameOf(issue),
              fresh.includes(issue) ? 'new' : (issue.substatus ?? issue.status),
              issue.count,
              before.find(({ id }) => id === issue.id)?.count ?? (old ? 0 : null),
              issue.users,
            ],
          })),
        more: Math.max(0, now.length - ISSUES_SHOWN),
      },
    ],
    ...changesOf(now, before, fresh, period),
  };
}

const nameOf = ({ type, message }: ErrorIssue) => (type === null ? message : `${type}: ${message}`).slice(0, 140);
const issuePage = ({ id }: ErrorIssue, span: Span) => pageOf(`/errors/${encodeURIComponent(id)}`, {}, span);

/** Came back, then new, then by events. */
function worstFirst(issues: readonly ErrorIssue[], fresh: readonly ErrorIssue[]): ErrorIssue[] {
  const rank = (issue: ErrorIssue) => (issue.substatus === 'regressed' ? 0 : fresh.includes(issue) ? 1 : 2);
  return [...issues].sort((a, b) => rank(a) - rank(b) || b.users - a.users || b.count - a.count);
}

function changesOf(
  now: readonly ErrorIssue[],
  before: readonly ErrorIssue[],
  fresh: readonly ErrorIssue[],
  period: Period,
): Pick<SectionContent, 'changes' | 'observations'> {
  const observations: Observation[] = [];
  const changes: NonNullable<SectionContent['changes']> = [];
  const open = now.filter(({ status }) => status === 'unresolved');
  for (const issue of worstFirst(open, fresh).slice(0, OBSERVED)) {
    const old = before.find(({ id }) => id === issue.id)?.count ?? 0;
    const kind = kindOf(issue, fresh.includes(issue), old, period);
    if (kind === null) continue;
    const sample =
      `${plural(issue.count, 'event')}${issue.users > 0 ? `, ${plural(issue.users, 'person')}` : ''}`.replace(
        'persons',
        'people',
      );
    changes.push({
      direction: 'worse',
      text: `${kind.word}: ${nameOf(issue)}`,
      rule: kind.rule,
      sample: old > 0 ? `${sample}, ${old.toLocaleString('en')} before` : sample,
      href: issuePage(issue, period),
    });
    observations.push({
      ...{ code: kind.code, subject: issue.id, title: `${kind.verb} ${nameOf(issue)}`, fresh: true },
      reason: `${kind.word} with ${sample}${issue.firstRelease === null ? '' : `, first in release ${issue.firstRelease}`}.`,
      evidence: [issue.culprit, issue.unhandled ? 'not handled by the application' : 'handled'].filter(Boolean),
      href: issuePage(issue, period),
      size: Math.log10(Math.max(1, issue.count)) / 4,
      reach: issue.users > 0 ? Math.min(1, issue.users / 100) : null,
    });
  }
  return { changes, observations };
}

function kindOf(issue: ErrorIssue, isNew: boolean, old: number, { from, to, before }: Period) {
  if (issue.substatus === 'regressed') {
    return { code: 'error_regressed', word: 'An error came back', verb: 'Mend again', rule: 'first event' } as const;
  }
  if (isNew && issue.count >= LEAST_EVENTS) {
    return { code: 'error_new', word: 'A new error', verb: 'Look at', rule: 'first event' } as const;
  }
  const changed = countChanged({
    ...{ before: old, after: issue.count },
    ...{ beforeMs: before.to - before.from, afterMs: to - from },
  });
  if (isNew || changed !== 'more') return null;
  return {
    code: 'error_more',
    word: 'More of an error',
    verb: 'Find out why there is more of',
    rule: 'counts',
  } as const;
}
