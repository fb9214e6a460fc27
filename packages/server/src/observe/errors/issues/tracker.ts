import type { Clock, Timer } from '../../../lib/clock.ts';
import type { Db, Queryable } from '../../../lib/db.ts';
import { messageOf } from '../../../lib/errors.ts';
import type { Log } from '../../../lib/log.ts';
import type { TelemetryStore } from '../../../lib/telemetry.ts';
import { at, EVENTS } from './events-source.ts';
import type { Issue, Sighting } from './issue.ts';
import { readIssues, readKnownReleases, writeIssues } from './issue-rows.ts';
import { afterSighting, type IgnoredCounts, newIssue } from './lifecycle.ts';

export interface TrackerDeps {
  db: Db;
  telemetry: Pick<TelemetryStore, 'query'>;
  clock: Clock;
  log: Log;
  /** Error events stored since the start, where that is known: nothing new is then not asked for. */
  stored?(): number;
}

/** How often stored events are looked at, milliseconds. */
const EVERY = 2_000;

/** The store's clock and the order of its inserts are not ours: the last minutes are looked at again. */
const OVERLAP = 120_000;

/** Without news the store is asked all the same, for what another instance stored; looks between. */
const ASK_ALL_THE_SAME = 15;

/** Follows the stored error events and keeps the issues that they belong to. Told twice, events change nothing. */
export class IssueTracker {
  readonly #deps: TrackerDeps;
  #timer: Timer | undefined;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;
  #storedBefore = -1;
  #quiet = 0;

  constructor(deps: TrackerDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#schedule();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#running;
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#timer = this.#deps.clock.after(EVERY, () => {
      this.#running = this.#look().finally(() => this.#schedule());
    });
  }

  async #look(): Promise<void> {
    const stored = this.#deps.stored?.();
    this.#quiet += 1;
    if (stored !== undefined && stored === this.#storedBefore && this.#quiet < ASK_ALL_THE_SAME) return;
    try {
      await this.lookOnce();
      this.#quiet = 0;
      if (stored !== undefined) this.#storedBefore = stored;
    } catch (error) {
      this.#deps.log.warn('the issues of new errors could not be updated yet', { error: messageOf(error) });
    }
  }

  /** Takes over what was stored since the last look. */
  async lookOnce(): Promise<void> {
    const { db, telemetry } = this.#deps;
    const since = await seenUntil(db);
    const [latest] = await telemetry.query<{ until: number; rows: number }>(
      `SELECT toUnixTimestamp64Milli(max(storedAt)) AS until, count() AS rows
       FROM error_event_rows WHERE storedAt >= fromUnixTimestamp64Milli({since:Int64})`,
      { since: since - OVERLAP },
    );
    if (!latest || latest.rows === 0) return;
    const sightings = await readSightings(telemetry, since - OVERLAP);
    await this.#take(sightings, latest.until);
  }

  async #take(sightings: readonly Sighting[], until: number): Promise<void> {
    const { db, clock } = this.#deps;
    const now = clock.now();
    await db.transaction(async (tx) => {
      await noteReleases(tx, sightings, now);
      const issues = await readIssues(tx, [...new Set(sightings.map(({ issueId }) => issueId))], true);
      const changed = new Map<string, Issue>();
      for (const sighting of sightings) {
        const issue = changed.get(sighting.issueId) ?? issues.get(sighting.issueId);
        const next = issue ? await this.#after(tx, issue, sighting, now) : newIssue(sighting, now);
        changed.set(next.id, next);
      }
      await writeIssues(tx, [...changed.values()]);
      await tx.query(
        `INSERT INTO error_tracker (seen_until) VALUES ($1)
         ON CONFLICT (id) DO UPDATE SET seen_until = greatest(error_tracker.seen_until, excluded.seen_until)`,
        [new Date(until)],
      );
    });
  }

  async #after(tx: Queryable, issue: Issue, sighting: Sighting, now: number): Promise<Issue> {
    const releases = issue.status === 'resolved' ? await readKnownReleases(tx, issue.project) : new Map();
    const counts = issue.status === 'ignored' ? await this.#countIgnored(issue, now) : undefined;
    return afterSighting(issue, sighting, { now, releases, counts });
  }

  async #countIgnored({ id, ignore }: Issue, now: number): Promise<IgnoredCounts | undefined> {
    if (!ignore || (ignore.count === null && ignore.users === null && !ignore.escalating)) return undefined;
    const [row] = await this.#deps.telemetry.query<IgnoredCounts & { before: number }>(
      `SELECT countIf(timestamp > ${at('at')}) AS count,
              uniqExactIf(userKey, timestamp > ${at('at')} AND userKey != '') AS users,
              countIf(timestamp > ${at('now')} - INTERVAL 1 HOUR) AS lastHour,
              countIf(timestamp <= ${at('now')} - INTERVAL 1 HOUR) AS before
       FROM ${EVENTS} WHERE issueId = {id:String} AND timestamp > ${at('now')} - INTERVAL 7 DAY`,
      { id, at: ignore.at, now },
    );
    return (
      row && { count: row.count, users: row.users, lastHour: row.lastHour, usualPerHour: row.before / (7 * 24 - 1) }
    );
  }
}

async function seenUntil(db: Queryable): Promise<number> {
  const [row] = await db.query<{ seen_until: Date }>('SELECT seen_until FROM error_tracker');
  return row?.seen_until.getTime() ?? 0;
}

async function readSightings(telemetry: Pick<TelemetryStore, 'query'>, since: number): Promise<Sighting[]> {
  return telemetry.query<Sighting>(
    `SELECT if(m.issueId = '', e.groupHash, m.issueId) AS issueId, e.project AS project,
            nullIf(e.release, '') AS release,
            toUnixTimestamp64Milli(min(e.timestamp)) AS firstSeen, toUnixTimestamp64Milli(max(e.timestamp)) AS lastSeen
     FROM error_event_rows AS e
     LEFT JOIN (SELECT project, groupHash, issueId FROM error_group_moves FINAL) AS m
       ON e.project = m.project AND e.groupHash = m.groupHash
     WHERE e.storedAt >= fromUnixTimestamp64Milli({since:Int64})
     GROUP BY issueId, project, release
     ORDER BY firstSeen`,
    { since: Math.max(0, since) },
  );
}

async function noteReleases(tx: Queryable, sightings: readonly Sighting[], now: number): Promise<void> {
  const seen = sightings.filter(({ release }) => release !== null);
  if (seen.length === 0) return;
  await tx.query(
    `INSERT INTO releases (project, version, created_at, first_seen, last_seen)
     SELECT r.project, r.release, $2, to_timestamp(min(r."firstSeen") / 1000.0), to_timestamp(max(r."lastSeen") / 1000.0)
     FROM jsonb_to_recordset($1::jsonb) AS r (project text, release text, "firstSeen" bigint, "lastSeen" bigint)
     GROUP BY r.project, r.release
     ON CONFLICT (project, version) DO UPDATE SET
       first_seen = least(releases.first_seen, excluded.first_seen),
       last_seen = greatest(releases.last_seen, excluded.last_seen)`,
    [JSON.stringify(seen), new Date(now)],
  );
}
