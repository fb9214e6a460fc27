import { nextTick } from '../../lib/cron.ts';
import { formatDuration } from '../../lib/duration.ts';
import { DAY_MS } from '../../lib/zoned-time.ts';
import { type CatalogueEntry, regularOf } from './catalogue.ts';
import type { BackupConfig } from './config.ts';
import type { DrillRecord } from './verify/drill.ts';

/** What is wrong with a backup. `unreadable`: nobody can say, which is as bad. */
export type BackupProblemCode =
  | 'failed'
  | 'missed'
  | 'late'
  | 'odd_size'
  | 'never_verified'
  | 'verification_failed'
  | 'drill_failed'
  | 'over_target'
  | 'kit_unconfirmed'
  | 'lost'
  | 'copy_missing'
  | 'copy_unreadable'
  | 'copy_never_verified'
  | 'copy_verification_failed'
  | 'unreadable';

export interface BackupProblem {
  backup: string;
  code: BackupProblemCode;
  /** One sentence. */
  message: string;
}

/** A backup that has not begun so long after its time is late, and after this it was missed. */
const LATE_MS = 15 * 60_000;
const MISSED_MS = 2 * 3_600_000;
/** Runs that a size is compared with, and how far it may be from their median. */
const SIZE_RUNS = 7;
const SIZE_SHARE = 0.5;
/** A monthly restore test may be a few days late. */
const UNVERIFIED_MS = 35 * DAY_MS;
/** A first backup is verified within two days. */
const FIRST_MS = 2 * DAY_MS;

/** What the catalogue says is wrong, at `now` (ms since the epoch). Nothing is wrong with what was never due. */
export function backupProblems(
  config: Pick<BackupConfig, 'name' | 'schedule' | 'timeZone' | 'tiers' | 'targets'>,
  entries: readonly CatalogueEntry[],
  drill: DrillRecord | null,
  now: number,
): BackupProblem[] {
  const found = config.tiers.flatMap((tier) => {
    const ofTier = regularOf(entries).filter((entry) => entry.tier === tier);
    return [
      runProblem(ofTier, tier),
      punctuality(config, ofTier, tier, now),
      sizeProblem(ofTier, tier),
      verificationProblem(ofTier, tier, now),
    ];
  });
  return [...found, ...drillProblems(config, drill)].flatMap((problem) =>
    problem === null ? [] : [{ backup: config.name, ...problem }],
  );
}

type Found = Omit<BackupProblem, 'backup'> | null;

const goodOf = (entries: readonly CatalogueEntry[]) => entries.filter(({ status }) => status === 'good');

function runProblem(entries: readonly CatalogueEntry[], tier: string): Found {
  const newest = entries.findLast(({ status }) => status !== 'running');
  if (!newest || newest.status === 'good') return null;
  const what = newest.synthetic === null ? `${tier} backup` : 'full backup that was to be put together of increments';
  return {
    code: 'failed',
    message: `The last ${what} ${newest.status === 'failed' ? 'failed' : `is ${newest.status}`}: ${newest.why ?? 'no reason is known'}`,
  };
}

function punctuality(
  { schedule, timeZone }: Pick<BackupConfig, 'schedule' | 'timeZone'>,
  entries: readonly CatalogueEntry[],
  tier: string,
  now: number,
): Found {
  const [first] = entries;
  // Without a first run nobody knows since when it should have been running.
  if (!first) return null;
  const due = lastTick({ pattern: schedule, timeZone }, now);
  if (due === null || Date.parse(first.started) >= due) return null;
  const begun = entries.some(({ started }) => Date.parse(started) >= due);
  if (begun || now - due < LATE_MS) return null;
  const since = `was due ${formatDuration(now - due)} ago`;
  if (now - due < MISSED_MS) return { code: 'late', message: `The ${tier} backup ${since} and has not begun.` };
  return { code: 'missed', message: `The ${tier} backup ${since} and did not run.` };
}

/** The newest tick at or before an instant, within the last 40 days. */
export function lastTick(schedule: { pattern: string; timeZone: string }, now: number): number | null {
  for (const back of [DAY_MS, 8 * DAY_MS, 40 * DAY_MS]) {
    let last: number | null = null;
    for (let tick = nextTick(schedule, now - back); tick !== null && tick <= now; tick = nextTick(schedule, tick)) {
      last = tick;
    }
    if (last !== null) return last;
  }
  return null;
}

function sizeProblem(entries: readonly CatalogueEntry[], tier: string): Found {
  const full = goodOf(entries).filter(({ parent }) => parent === null);
  const newest = full.at(-1);
  const before = full.slice(-SIZE_RUNS - 1, -1).map(({ size }) => size);
  if (!newest || before.length < 3) return null;
  const median = [...before].sort((a, b) => a - b)[Math.floor(before.length / 2)] ?? 0;
  if (median === 0 || Math.abs(newest.size - median) <= SIZE_SHARE * median) return null;
  const percent = Math.round((100 * newest.size) / median);
  return {
    code: 'odd_size',
    message: `The last ${tier} backup has ${percent} % of the size of those before it (${newest.size} bytes, median ${median}).`,
  };
}

function verificationProblem(entries: readonly CatalogueEntry[], tier: string, now: number): Found {
  const good = goodOf(entries);
  const bad = good.findLast(({ verified }) => verified?.ok === false);
  const verified = good.flatMap((entry) => (entry.verified?.ok ? [Date.parse(entry.verified.at)] : []));
  if (bad && bad === good.findLast((entry) => entry.verified !== null)) {
    return { code: 'verification_failed', message: `The backup ${bad.id} is not good: its verification failed.` };
  }
  const first = good[0];
  if (!first) return null;
  const latest = Math.max(...verified, Number.NEGATIVE_INFINITY);
  if (verified.length === 0) {
    if (now - Date.parse(first.started) < FIRST_MS) return null;
    return { code: 'never_verified', message: `No ${tier} backup was ever verified.` };
  }
  if (now - latest < UNVERIFIED_MS) return null;
  return { code: 'never_verified', message: `No ${tier} backup was verified for ${formatDuration(now - latest)}.` };
}

function drillProblems({ targets }: Pick<BackupConfig, 'targets'>, drill: DrillRecord | null): Found[] {
  if (!drill) return [];
  if (!drill.ok) {
    const why = drill.findings[0]?.message ?? 'no reason is known';
    return [{ code: 'drill_failed', message: `The last recovery drill failed: ${why}` }];
  }
  const over = (seconds: number, target: number, what: string): Found =>
    seconds * 1_000 <= target
      ? null
      : {
          code: 'over_target',
          message: `In the last drill the ${what} was ${formatDuration(seconds * 1_000)}; the target is ${formatDuration(target)}.`,
        };
  return [
    over(drill.recoveryTimeSeconds, targets.recoveryTimeMs, 'recovery time'),
    over(drill.recoveryPointSeconds, targets.recoveryPointMs, 'recovery point'),
  ];
}
