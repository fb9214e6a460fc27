import { medianOf, type Run } from '../../scheduler/index.ts';
import { formatRatio, formatValue, plural } from '../format.ts';
import type { Observation } from '../observation.ts';
import { type Period, REPORT_KINDS, type Span } from '../period.ts';
import { pageOf, type SectionContent, type SectionSource } from '../section.ts';

const SHOWN = 15;
/** A job is slower by the median of so many good runs in both times, by so much, and by so many ms. */
const SLOWER = { runs: 5, ratio: 2, ms: 10_000 };

/** Jobs: what ran, what failed, what takes longer. */
export function jobSection(deps: {
  runs(span: Span): Promise<readonly Run[]>;
  /** Since when this installation knows anything, ms since the epoch. */
  knownSince(): Promise<number>;
}): SectionSource {
  return {
    key: 'jobs',
    title: 'Jobs',
    kinds: REPORT_KINDS,
    async read(period) {
      const [now, before, since] = await Promise.all([deps.runs(period), deps.runs(period.before), deps.knownSince()]);
      if (since >= period.to) return { unknown: 'No job ran in this time: the platform was not there yet.' };
      return contentOf(now, since < period.before.to ? before : null, period);
    },
  };
}

const failedOf = (runs: readonly Run[]) => runs.filter(({ status }) => status === 'failed' || status === 'lost');
const missedOf = (runs: readonly Run[]) => runs.filter(({ reason }) => reason === 'missed');
const pageOfJob = (job: string, period?: Period) => pageOf('/jobs', { job }, period);
const took = (runs: readonly Run[]) =>
  runs
    .filter(({ status }) => status === 'succeeded')
    .map(({ startedAt, endedAt }) => (endedAt ?? 0) - (startedAt ?? 0));

function byJob(runs: readonly Run[]): Map<string, Run[]> {
  const jobs = new Map<string, Run[]>();
  for (const run of runs) jobs.set(run.job, [...(jobs.get(run.job) ?? []), run]);
  return jobs;
}

function contentOf(now: readonly Run[], before: readonly Run[] | null, period: Period): SectionContent {
  const figure = (label: string, read: (runs: readonly Run[]) => readonly Run[]) => ({
    ...{ label, value: read(now).length, unit: 'count' as const, before: before && read(before).length },
    href: pageOf('/jobs', {}, period),
  });
  const jobs = [...byJob(now)].sort(
    ([a, x], [b, y]) => failedOf(y).length - failedOf(x).length || y.length - x.length || (a < b ? -1 : 1),
  );
  const old = byJob(before ?? []);
  return {
    figures: [figure('Runs', (runs) => runs), figure('Failed', failedOf), figure('Missed', missedOf)],
    tables: [
      {
        title: 'Jobs',
        columns: [
          { label: 'Job', unit: null },
          { label: 'Runs', unit: 'count' },
          { label: 'Failed', unit: 'count' },
          { label: 'Missed', unit: 'count' },
          { label: 'Took (median)', unit: 'ms' },
          { label: 'Before', unit: 'ms' },
        ],
        rows: jobs.slice(0, SHOWN).map(([job, runs]) => ({
          href: pageOfJob(job, period),
          cells: [
            job,
            runs.length,
            failedOf(runs).length,
            missedOf(runs).length,
            medianOf(took(runs)),
            medianOf(took(old.get(job) ?? [])),
          ],
        })),
        more: Math.max(0, jobs.length - SHOWN),
      },
    ],
    changes: jobs.flatMap(([job, runs]) => slower(job, runs, old.get(job) ?? [])),
    observations: jobs.flatMap(([job, runs]) => failing(job, runs, period)),
  };
}

function slower(job: string, runs: readonly Run[], before: readonly Run[]) {
  const [now, old] = [took(runs), took(before)];
  const [median, was] = [medianOf(now), medianOf(old)];
  if (median === null || was === null || now.length < SLOWER.runs || old.length < SLOWER.runs) return [];
  if (median < was * SLOWER.ratio || median - was < SLOWER.ms) return [];
  return [
    {
      direction: 'worse' as const,
      text: `${job} takes ${formatRatio(median / was)}: ${formatValue(median, 'ms')} against ${formatValue(was, 'ms')}`,
      rule: 'median of 5 runs',
      sample: `${plural(now.length, 'run')}, ${old.length} before`,
      href: pageOfJob(job),
    },
  ];
}

/** A job whose newest run did not end well. */
function failing(job: string, runs: readonly Run[], { from }: Period): Observation[] {
  const [newest] = [...runs].filter(({ endedAt }) => endedAt !== null).sort((a, b) => b.queuedAt - a.queuedAt);
  const bad = [...failedOf(runs), ...missedOf(runs)];
  if (!newest || !bad.includes(newest)) return [];
  return [
    {
      code: 'job_failed',
      subject: job,
      title: `Find out why ${job} ${newest.reason === 'missed' ? 'did not run' : 'failed'}`,
      reason: newest.error?.message ?? newest.summary ?? newest.reason ?? 'It gave no reason.',
      evidence: [`${bad.length} of ${plural(runs.length, 'run')} did not end well`],
      href: pageOf('/jobs', { job, run: newest.id }),
      size: bad.length / runs.length,
      reach: null,
      fresh: newest.queuedAt >= from,
    },
  ];
}
