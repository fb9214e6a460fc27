import type { MonitorState, Severity } from '@yumops/protocol';
import type { Db, Queryable } from '../../lib/db.ts';
import type { MonitorConfig, MonitorReceiver } from './config.ts';
import { claimHistories } from './history/own-history.ts';
import type { Transition } from './judge.ts';
import { storeHeartbeats } from './kinds/heartbeat/beat-store.ts';
import { describeMonitor } from './kinds/index.ts';
import type { LocationState } from './location/location-state.ts';
import type { MonitorRecord, NamedState } from './monitor-record.ts';

/** One monitor's record to store, with the change of state that led to it, if any. */
export interface RecordChange {
  monitorId: string;
  record: MonitorRecord;
  transition: Transition | null;
  /** Milliseconds since the epoch; null when it is paused. */
  nextCheckAt: number | null;
}

/**
 * Makes the stored list of monitors equal to the configuration, in one transaction. States of monitors that are gone
 * go too; their events stay, and are the history of one of the same project that comes back under the id.
 * @param now milliseconds since the epoch
 */
export function storeMonitors(db: Db, monitors: readonly MonitorConfig[], now: number): Promise<void> {
  const rows = monitors.map((monitor, position) => definitionRow(monitor, position));
  return db.transaction(async (tx) => {
    const ids = monitors.map(({ id }) => id);
    const before = await tx.query<{ id: string }>('SELECT id FROM monitors WHERE project IS NULL');
    const ofAll = before.map(({ id }) => id);
    await tx.query('DELETE FROM monitors WHERE NOT (id = ANY($1))', [ids]);
    await tx.query('DELETE FROM monitor_states WHERE NOT (monitor_id = ANY($1))', [ids]);
    await tx.query(
      `INSERT INTO monitors (${DEFINITION.join(', ')})
       SELECT ${DEFINITION.join(', ')} FROM jsonb_populate_recordset(NULL::monitors, $1::jsonb)
       ON CONFLICT (id) DO UPDATE SET ${DEFINITION.slice(1)
         .map((column) => `${column} = excluded.${column}`)
         .join(', ')}`,
      [JSON.stringify(rows)],
    );
    const anew = await claimHistories(tx, ofAll, now);
    if (anew.length > 0) await tx.query('DELETE FROM monitor_states WHERE monitor_id = ANY($1)', [anew]);
    await storeHeartbeats(tx, monitors);
  });
}

const DEFINITION = [
  'id',
  'position',
  'name',
  'kind',
  'url',
  'rewritten_to',
  'method',
  'expectation',
  'interval_ms',
  'timeout_ms',
  'parent',
  'locations',
  'quorum',
  'badge',
  'severity',
  'notifications',
  'escalation',
  'labels',
  'runbook',
  'project',
  'environment',
];

function definitionRow(monitor: MonitorConfig, position: number): Record<string, unknown> {
  const { id, name, kind, url, parent, locations, quorum, badge } = monitor;
  const { severity, notifications, escalation, labels, runbook, project, environment } = monitor;
  return {
    id,
    position,
    name,
    kind,
    url: withoutPassword(url),
    rewritten_to: monitor.target === url ? null : withoutPassword(monitor.target),
    method: monitor.kind === 'http' ? monitor.method : 'GET',
    expectation: describeMonitor(monitor),
    interval_ms: Math.round(monitor.intervalMs),
    timeout_ms: Math.round(monitor.timeoutMs),
    parent,
    locations,
    quorum,
    badge,
    severity,
    notifications,
    escalation,
    labels,
    runbook,
    project,
    environment,
  };
}

/** An address as people may see it. One that cannot be read is shown as it is written. */
function withoutPassword(text: string): string {
  if (!URL.canParse(text)) return text;
  const url = new URL(text);
  if (url.password === '') return text;
  url.password = '';
  return url.href;
}

/** Drops changes of state from before a time, milliseconds since the epoch. */
export async function dropEvents(db: Queryable, before: number): Promise<void> {
  await db.query('DELETE FROM monitor_events WHERE at < $1', [new Date(before)]);
}

interface StateRow {
  monitor_id: string;
  state: MonitorState;
  since: Date | null;
  reason: string | null;
  failures: number;
  successes: number;
  last_checked_at: Date | null;
  certificate_days: number | null;
  recent: (number | null)[];
  named: NamedState[];
  locations: LocationState[];
}

/** When monitors are due next, milliseconds since the epoch, by id; those of which nothing is known are left out. */
export async function loadNextChecks(db: Queryable, ids: readonly string[]): Promise<Map<string, number>> {
  const rows = await db.query<{ id: string; at: Date }>(
    'SELECT monitor_id AS id, next_check_at AS at FROM monitor_states WHERE monitor_id = ANY($1) AND next_check_at IS NOT NULL',
    [ids],
  );
  return new Map(rows.map(({ id, at }) => [id, at.getTime()]));
}

/**
 * The records as they were last stored, by monitor id.
 * @param ids only of these, default all
 */
export async function loadRecords(db: Queryable, ids?: readonly string[]): Promise<Map<string, MonitorRecord>> {
  const rows = await db.query<StateRow>(
    'SELECT * FROM monitor_states WHERE $1::text[] IS NULL OR monitor_id = ANY($1)',
    [ids ?? null],
  );
  return new Map(
    rows.map((row) => [
      row.monitor_id,
      {
        state: row.state,
        since: row.since?.getTime() ?? null,
        reason: row.reason,
        failures: row.failures,
        successes: row.successes,
        lastCheckedAt: row.last_checked_at?.getTime() ?? null,
        certificateDays: row.certificate_days,
        recent: row.recent,
        named: row.named,
        locations: row.locations,
      },
    ]),
  );
}

/**
 * Stores records and transitions together: the newest record of each monitor, every transition.
 * @param checkedBy the instance of the platform; a record that another one stored of a later check stays
 */
export function storeChanges(db: Db, changes: readonly RecordChange[], checkedBy: string | null = null): Promise<void> {
  const newest = new Map(changes.map((change) => [change.monitorId, change]));
  const events = changes.filter(({ transition }) => transition !== null);
  return db.transaction(async (tx) => {
    await tx.query(UPSERT_STATES, [JSON.stringify([...newest.values()].map((change) => stateRow(change, checkedBy)))]);
    if (events.length > 0) await tx.query(INSERT_EVENTS, [JSON.stringify(events.map(eventRow))]);
  });
}

const STATE = [
  'monitor_id',
  'state',
  'since',
  'reason',
  'failures',
  'successes',
  'last_checked_at',
  'next_check_at',
  'certificate_days',
  'recent',
  'named',
  'locations',
  'checked_by',
];

// A monitor that was removed meanwhile gets no row again.
const UPSERT_STATES = `
  INSERT INTO monitor_states (${STATE.join(', ')})
  SELECT ${STATE.map((column) => `r.${column}`).join(', ')}
  FROM jsonb_populate_recordset(NULL::monitor_states, $1::jsonb) r JOIN monitors m ON m.id = r.monitor_id
  ON CONFLICT (monitor_id) DO UPDATE SET ${STATE.slice(1)
    .map((column) => `${column} = excluded.${column}`)
    .join(', ')}
  WHERE monitor_states.checked_by IS NOT DISTINCT FROM excluded.checked_by OR monitor_states.last_checked_at IS NULL
     OR excluded.last_checked_at >= monitor_states.last_checked_at`;

// A commit whose answer was lost is repeated; the constraint makes that harmless.
const INSERT_EVENTS = `
  INSERT INTO monitor_events (monitor_id, at, from_state, to_state, reason)
  SELECT monitor_id, at, from_state, to_state, reason
  FROM jsonb_populate_recordset(NULL::monitor_events, $1::jsonb)
  ON CONFLICT (monitor_id, at, to_state) DO NOTHING`;

function stateRow({ monitorId, record, nextCheckAt }: RecordChange, checkedBy: string | null): Record<string, unknown> {
  return {
    monitor_id: monitorId,
    state: record.state,
    since: isoOrNull(record.since),
    reason: record.reason,
    failures: record.failures,
    successes: record.successes,
    last_checked_at: isoOrNull(record.lastCheckedAt),
    next_check_at: isoOrNull(nextCheckAt),
    certificate_days: record.certificateDays,
    recent: record.recent,
    named: record.named,
    locations: record.locations,
    checked_by: checkedBy,
  };
}

function eventRow({ monitorId, transition }: RecordChange): Record<string, unknown> {
  return {
    monitor_id: monitorId,
    at: isoOrNull(transition?.at ?? null),
    from_state: transition?.from,
    to_state: transition?.to,
    reason: transition?.reason,
  };
}

function isoOrNull(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}

/** What alerting needs of a monitor. Times in milliseconds since the epoch. */
export interface MonitorSnapshot {
  id: string;
  name: string;
  kind: string;
  url: string;
  state: MonitorState;
  since: number | null;
  reason: string | null;
  severity: Severity;
  notifications: MonitorReceiver[];
  /** Name of a policy; null = the default of `alert_settings`. */
  escalation: string | null;
  labels: Record<string, string>;
  parent: string | null;
  runbook: string | null;
  project: string | null;
  environment: string | null;
  /** Whole days until its certificate ends; null where there is none. */
  certificateDays: number | null;
}

/** Every configured monitor with its state, in the order of the configuration. */
export async function listMonitorStates(db: Queryable): Promise<MonitorSnapshot[]> {
  const rows = await db.query<Omit<MonitorSnapshot, 'since'> & { since: Date | null }>(
    `SELECT m.id, m.name, m.kind, m.url, coalesce(s.state, 'pending') AS state, s.since, s.reason, m.severity,
            m.notifications, m.escalation, m.labels, m.parent, m.runbook, m.project, m.environment,
            s.certificate_days AS "certificateDays"
     FROM monitors m LEFT JOIN monitor_states s ON s.monitor_id = m.id ORDER BY m.position`,
  );
  return rows.map((row) => ({ ...row, since: row.since?.getTime() ?? null }));
}
