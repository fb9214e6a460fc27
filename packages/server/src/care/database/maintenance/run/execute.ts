import { codeOf, messageOf } from '../../../../lib/errors.ts';
import { done, type Evidence, failed, type Outcome, type Worksite } from '../action.ts';
import type { WorkLimits } from '../maintained-database.ts';

const LOCK_NOT_AVAILABLE = '55P03';
/** Pauses grow to at most this many of the first. */
const LONGEST_PAUSE = 16;
const LOOK_EVERY_MS = 1_000;

/** The limits of an action's statements. */
export function limitsOf({ settings, signal }: Worksite): WorkLimits {
  return { lock: settings.lockTimeout, statement: settings.actionLimit, signal };
}

/** Does something that waits for locks; when one is not to be had in time it steps back from the queue and comes again. */
export async function withLockRetries<Result>(
  { settings, clock, signal }: Pick<Worksite, 'settings' | 'clock' | 'signal'>,
  work: () => Promise<Result>,
): Promise<Result> {
  for (let retries = 0; ; retries++) {
    try {
      return await work();
    } catch (error) {
      if (codeOf(error) !== LOCK_NOT_AVAILABLE || retries >= settings.lockRetries) throw error;
      await clock.sleep(settings.retryPause * Math.min(LONGEST_PAUSE, 2 ** retries), signal);
    }
  }
}

const PROGRESS = (pid: number) => `
  SELECT max(share)::float8 AS share FROM (
    SELECT blocks_done::float8 / nullif(blocks_total, 0) AS share FROM pg_stat_progress_create_index WHERE pid = ${pid}
    UNION ALL
    SELECT heap_blks_scanned::float8 / nullif(heap_blks_total, 0) FROM pg_stat_progress_vacuum WHERE pid = ${pid}
    UNION ALL
    SELECT sample_blks_scanned::float8 / nullif(sample_blks_total, 0) FROM pg_stat_progress_analyze WHERE pid = ${pid}
  ) running`;

/** Tells how far the statement of the working session is, until `work` ends. */
async function watched<Result>(site: Worksite, work: () => Promise<Result>): Promise<Result> {
  const over = new AbortController();
  const look = async () => {
    for (;;) {
      await site.clock.sleep(LOOK_EVERY_MS, over.signal);
      const pid = site.db.workerPid();
      if (pid === null) continue;
      const [row] = await site.db.query<{ share: number | null }>(PROGRESS(pid));
      if (row && row.share !== null && !over.signal.aborted) site.progress(Math.min(1, row.share));
    }
  };
  // What it looks at is a courtesy: where looking fails the work goes on.
  const looking = look().catch(() => undefined);
  try {
    return await work();
  } finally {
    over.abort();
    await looking;
  }
}

/** Runs a statement outside a transaction, with retries for locks. @returns what the server warned of */
export function execute(site: Worksite, statement: string): Promise<string[]> {
  return withLockRetries(site, () => watched(site, () => site.db.execute(statement, limitsOf(site))));
}

/**
 * Runs the statement of an action and measures afterwards. What the server only warns of it did not do: VACUUM and
 * ANALYZE skip tables of others with a warning and report success.
 */
export async function executeAction(
  site: Worksite,
  statement: string,
  measure: () => Promise<Evidence | null>,
): Promise<Outcome> {
  const warnings = await execute(site, statement);
  const after = await measure();
  return warnings.length > 0 ? failed(`Postgres skipped it: ${warnings.join('; ')}`, after) : done(after);
}

/** What a person is told of an error; the state of SQL is kept. */
export function reasonOf(error: unknown): string {
  const code = codeOf(error);
  const text = messageOf(error);
  if (code === LOCK_NOT_AVAILABLE) return `another session kept it locked: ${text}`;
  return code !== undefined && /^[0-9A-Z]{5}$/.test(code) ? `${text} (${code})` : text;
}
