import { formatDuration } from '../../lib/duration.ts';
import { DAY_MS } from '../../lib/zoned-time.ts';
import { type CatalogueEntry, type Recoverable, regularOf } from './catalogue.ts';
import type { BackupConfig, CopyDestination } from './config.ts';
import type { BackupProblem } from './problems.ts';
import { planRetention, type RetentionRules } from './retention/plan.ts';

/** How the copies at the second destination of a backup are. */
export interface CopyState {
  /** Of the destination. */
  name: string;
  /** Where it is, for people; null while it cannot be opened. */
  address: string | null;
  /** What it holds. */
  entries: readonly CatalogueEntry[];
  recoverable: Recoverable;
  /** Ids of good backups that belong there and are not there, oldest first. */
  missing: readonly string[];
  /** The newest backups there, where the first has lost them: no prune takes those. */
  lost: readonly string[];
  /** Seconds since the oldest of those was complete; 0 = all are there, null = nobody can say. */
  lagSeconds: number | null;
  /** Why it cannot be read. */
  unreadable: string | null;
}

/** A copy that is not there so long after its backup was complete is told of. */
const LATE_MS = 2 * 3_600_000;
/** Copies are read every day; a few may be missed. */
const UNVERIFIED_MS = 8 * DAY_MS;
/** A first copy is verified within two days. */
const FIRST_MS = 2 * DAY_MS;

const goodOf = (entries: readonly CatalogueEntry[]) => entries.filter(({ status }) => status === 'good');
const finishedAt = ({ started, seconds, synthetic }: CatalogueEntry) =>
  Date.parse(synthetic?.begun ?? started) + (seconds ?? 0) * 1_000;

/**
 * Compares a second destination with the first: what its own retention would keep, were all backups there, belongs there. So does what
 * the recovery window needs, since the log is copied there too.
 * @param first what the first destination holds
 * @param second what the second holds
 * @param now milliseconds since the epoch
 */
export function copyStateOf(
  config: Omit<RetentionRules, 'retention'> & { copyTo: CopyDestination },
  first: readonly CatalogueEntry[],
  second: { address: string; entries: readonly CatalogueEntry[]; recoverable: Recoverable },
  now: number,
): CopyState {
  const { copyTo } = config;
  const there = new Set(goodOf(second.entries).map(({ id }) => id));
  const here = goodOf(first);
  const others = goodOf(second.entries).filter(({ id }) => !here.some((entry) => entry.id === id));
  // That one store verified a backup is no reason for the other to keep it.
  const all = [...here, ...others].map((entry) => ({ ...entry, verified: null }));
  const wanted = new Set(planRetention(all, { ...config, retention: copyTo.retention }, now).keep.map(({ id }) => id));
  const missing = here.filter(({ id }) => wanted.has(id) && !there.has(id));
  const lost = (['logical', 'physical'] as const).flatMap((tier) => {
    const newest = regularOf(goodOf(second.entries)).findLast((entry) => entry.tier === tier);
    return newest && others.includes(newest) ? [newest.id] : [];
  });
  const lag = Math.max(0, ...missing.map((entry) => now - finishedAt(entry)));
  return {
    name: copyTo.name,
    ...second,
    missing: missing.map(({ id }) => id),
    lost,
    lagSeconds: Math.round(lag / 1_000),
    unreadable: null,
  };
}

/** The state of a destination that does not answer. */
export function unreadableCopy({ name }: CopyDestination, why: string): CopyState {
  const recoverable = { earliest: null, latest: null };
  return { name, address: null, entries: [], recoverable, missing: [], lost: [], lagSeconds: null, unreadable: why };
}

/** What is wrong with the copies of a backup, at `now` (ms since the epoch). */
export function copyProblems(
  { name, tiers }: Pick<BackupConfig, 'name' | 'tiers'>,
  copy: CopyState | null,
  now: number,
): BackupProblem[] {
  if (copy === null) return [];
  const where = `second destination "${copy.name}"`;
  if (copy.unreadable !== null) {
    return [{ backup: name, code: 'copy_unreadable', message: `The ${where} cannot be read: ${copy.unreadable}` }];
  }
  const found: BackupProblem[] = [];
  const lag = (copy.lagSeconds ?? 0) * 1_000;
  if (lag >= LATE_MS) {
    const count = copy.missing.length;
    const what = count === 1 ? 'A backup is' : `${count} backups are`;
    const message = `${what} not at the ${where}, the oldest, ${copy.missing[0]}, for ${formatDuration(lag)}. Copy now: yumops backup copy ${name}`;
    found.push({ backup: name, code: 'copy_missing', message });
  }
  if (copy.lost.length > 0) {
    const message = `${copy.lost.join(', ')}, the newest at the ${where}, is gone from the first. Copy it back: yumops backup copy ${name} --from ${copy.name}`;
    found.push({ backup: name, code: 'lost', message });
  }
  return [...found, ...tiers.flatMap((tier) => verificationProblems(name, tier, copy, where, now))];
}

function verificationProblems(
  backup: string,
  tier: string,
  copy: CopyState,
  where: string,
  now: number,
): BackupProblem[] {
  const good = regularOf(goodOf(copy.entries)).filter((entry) => entry.tier === tier);
  const [first] = good;
  if (!first) return [];
  const last = good.findLast(({ verified }) => verified !== null);
  if (last?.verified?.ok === false) {
    const message = `The copy of ${last.id} at the ${where} is not good. Copy it again: yumops backup copy ${backup}`;
    return [{ backup, code: 'copy_verification_failed', message }];
  }
  const latest = Math.max(...good.flatMap(({ verified }) => (verified?.ok ? [Date.parse(verified.at)] : [])));
  const since = latest === Number.NEGATIVE_INFINITY ? null : now - latest;
  const isOverdue = since === null ? now - finishedAt(first) >= FIRST_MS : since >= UNVERIFIED_MS;
  if (!isOverdue) return [];
  const message =
    since === null
      ? `No ${tier} copy at the ${where} was ever verified.`
      : `No ${tier} copy at the ${where} was verified for ${formatDuration(since)}.`;
  return [{ backup, code: 'copy_never_verified', message }];
}
