import type { Monitor, MonitorDetail, MonitorLocation, MonitorSource, MonitorState } from '@yumops/protocol';
import type { Queryable } from '../../lib/db.ts';
import { YumOpsError } from '../../lib/errors.ts';
import type { Reach } from '../../lib/reach.ts';
import type { TelemetryStore } from '../../lib/telemetry.ts';
import { readBars } from './availability.ts';
import { type LocationState, locationState } from './location/location-state.ts';
import type { NamedState } from './monitor-record.ts';
import { readOutages } from './outages.ts';

interface MonitorRow {
  id: string;
  position: number;
  name: string;
  kind: string;
  url: string;
  rewritten_to: string | null;
  method: string;
  expectation: string[];
  interval_ms: number;
  timeout_ms: number;
  state: MonitorState;
  since: Date | null;
  reason: string | null;
  last_checked_at: Date | null;
  next_check_at: Date | null;
  certificate_days: number | null;
  recent: (number | null)[] | null;
  named: NamedState[] | null;
  parent: string | null;
  locations: string[];
  quorum: number;
  views: LocationState[] | null;
  token: string | null;
  badge: boolean;
}

const SELECT_MONITORS = `
  SELECT m.id, m.position, m.name, m.kind, m.url, m.rewritten_to, m.method, m.expectation, m.interval_ms, m.timeout_ms,
         coalesce(s.state, 'pending') AS state, s.since, s.reason, s.last_checked_at, s.next_check_at,
         s.certificate_days, s.recent, s.named, m.parent, m.locations, m.quorum, m.badge,
         s.locations AS views, h.token
  FROM monitors m LEFT JOIN monitor_states s ON s.monitor_id = m.id LEFT JOIN heartbeats h ON h.monitor_id = m.id`;

/** Points of a sparkline: in a list so long that nobody looks at one line, half of them must do. */
const SPARK = { usual: 40, longList: 20, longFrom: 500 };

/** A part of the list, in the order of the configuration. */
export interface MonitorPage {
  items: Monitor[];
  /** Where the next part begins; null at the end. */
  nextPosition: number | null;
}

/** What the list needs beside what is stored of the monitors. */
export interface MonitorView {
  /** Percent by monitor id, see `Availability`. */
  availability: ReadonlyMap<string, number>;
  /** Base of the addresses that jobs call. */
  publicUrl: string;
  /** Whose projects; left out = all. */
  reach?: Reach;
}

/** Lists monitors after a position. */
export async function listMonitors(
  db: Queryable,
  view: MonitorView,
  page: { after: number; limit: number } = { after: -1, limit: 100_000 },
): Promise<MonitorPage> {
  const rows = await db.query<MonitorRow>(
    `${SELECT_MONITORS} WHERE m.position > $1 AND ($3::text[] IS NULL OR m.project = ANY ($3))
     ORDER BY m.position LIMIT $2`,
    [page.after, page.limit + 1, view.reach ?? null],
  );
  const shown = rows.slice(0, page.limit);
  const points = shown.length > SPARK.longFrom ? SPARK.longList : SPARK.usual;
  return {
    items: shown.map((row) => toMonitor(row, view, points)),
    nextPosition: rows.length > page.limit ? (shown.at(-1)?.position ?? null) : null,
  };
}

/**
 * One monitor with its days, outages and named checks.
 * @param key id or name
 * @throws {YumOpsError} `monitor_not_found`
 */
export async function getMonitor(
  stores: { db: Queryable; telemetry: TelemetryStore },
  view: MonitorView,
  key: string,
  now: number,
): Promise<MonitorDetail> {
  const [row] = await stores.db.query<MonitorRow>(
    `${SELECT_MONITORS} WHERE (m.id = $1 OR m.name = $1) AND ($2::text[] IS NULL OR m.project = ANY ($2))
     ORDER BY m.id <> $1 LIMIT 1`,
    [key, view.reach ?? null],
  );
  if (!row) throw unknownMonitor(key);
  const [bars, incidents] = await Promise.all([readBars(stores, row.id, now), readOutages(stores.db, row.id)]);
  return {
    ...toMonitor(row, view),
    method: row.method,
    expectation: row.expectation,
    timeout: row.timeout_ms / 1_000,
    parent: row.parent,
    quorum: row.quorum,
    badge: row.badge,
    locations: row.locations.map((location) => toView(row.views ?? [], location)),
    bars,
    incidents,
    source: await sourceOf(stores.db, row.id),
    named: (row.named ?? []).map((one) => ({ ...one, since: new Date(one.since).toISOString() })),
  };
}

async function sourceOf(db: Queryable, id: string): Promise<MonitorSource> {
  const [found] = await db.query<{ stored: boolean; job: boolean }>(
    `SELECT EXISTS (SELECT FROM stored_monitors WHERE id = $1) AS stored,
            EXISTS (SELECT FROM check_in_monitors WHERE id = $1) AS job`,
    [id],
  );
  if (found?.stored) return 'stored';
  return found?.job ? 'job' : 'file';
}

/** What badges show of a monitor. */
export interface BadgeFacts {
  id: string;
  name: string;
  state: MonitorState;
  certificateDays: number | null;
  /** Milliseconds of the newest good check; null without one. */
  latestMs: number | null;
}

/** The monitor whose badges are public under this id; undefined for one that is not, and for none. */
export async function findBadge(db: Queryable, id: string): Promise<BadgeFacts | undefined> {
  const [row] = await db.query<MonitorRow>(`${SELECT_MONITORS} WHERE m.id = $1 AND m.badge`, [id]);
  if (!row) return undefined;
  const latestMs = (row.recent ?? []).findLast((ms) => ms !== null) ?? null;
  return { id: row.id, name: row.name, state: row.state, certificateDays: row.certificate_days, latestMs };
}

/** What one place sees; a place that never reported is pending. */
function toView(views: readonly LocationState[], location: string): MonitorLocation {
  const { state, since, reason, lastCheckedAt, durationMs, agent } = locationState(views, location);
  const iso = (at: number | null) => (at === null ? null : new Date(at).toISOString());
  return { location, agent, state, since: iso(since), reason, lastCheckedAt: iso(lastCheckedAt), durationMs };
}

/**
 * The id of the monitor with this id or name; an unknown key is taken for the id of one that is gone.
 * @throws {YumOpsError} `monitor_not_found` (404) for who reaches some projects only, also for one that is gone
 */
export async function findMonitorId(db: Queryable, key: string, reach: Reach): Promise<string> {
  const [row] = await db.query<{ id: string }>(
    `SELECT id FROM monitors WHERE (id = $1 OR name = $1) AND ($2::text[] IS NULL OR project = ANY ($2))
     ORDER BY id <> $1 LIMIT 1`,
    [key, reach],
  );
  if (row === undefined && reach !== null) throw unknownMonitor(key);
  return row?.id ?? key;
}

function unknownMonitor(key: string): YumOpsError {
  return new YumOpsError('monitor_not_found', `There is no monitor "${key}".`, { status: 404 });
}

function toMonitor(row: MonitorRow, { availability, publicUrl }: MonitorView, points = SPARK.usual): Monitor {
  return {
    id: row.id,
    name: row.name,
    kind: row.kind,
    url: row.url,
    rewrittenTo: row.rewritten_to,
    state: row.state,
    since: row.since?.toISOString() ?? null,
    reason: row.reason,
    lastCheckedAt: row.last_checked_at?.toISOString() ?? null,
    nextCheckAt: row.next_check_at?.toISOString() ?? null,
    uptime90d: availability.get(row.id) ?? null,
    interval: row.interval_ms / 1_000,
    certificateDays: row.certificate_days,
    pingUrl: row.token === null ? null : `${publicUrl}/ping/${encodeURIComponent(row.token)}`,
    recent: (row.recent ?? []).slice(-points).map((ms) => (ms !== null && ms >= 10 ? Math.round(ms) : ms)),
  };
}
