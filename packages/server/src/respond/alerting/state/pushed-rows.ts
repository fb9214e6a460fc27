import type { Queryable } from '../../../lib/db.ts';
import type { Change } from '../ports.ts';
import { type Push, type PushedAlert, takePush } from '../push/pushed.ts';
import type { Row } from './rows.ts';
import { writeRows } from './write-rows.ts';

/** A push with the fingerprint of its labels. */
export interface Printed {
  print: string;
  push: Push;
}

function pushedFromRow(row: Row): PushedAlert {
  const ms = (name: string) => (row[name] as Date).getTime();
  return {
    fingerprint: row['fingerprint'] as string,
    labels: row['labels'] as PushedAlert['labels'],
    project: row['project'] as string | null,
    annotations: row['annotations'] as PushedAlert['annotations'],
    generatorUrl: row['generator_url'] as string | null,
    startsAt: ms('starts_at'),
    endsAt: ms('ends_at'),
    timeout: row['timeout'] as boolean,
    receivedAt: ms('received_at'),
    firstReceivedAt: ms('first_received_at'),
    activity: row['activity'] as number,
    version: row['version'] as number,
    handled: {
      version: row['handled_version'] as number,
      activity: row['handled_activity'] as number,
      episode: row['episode'] as number,
      round: row['round'] as number,
      open: row['open'] as boolean,
      closedAt: row['closed_at'] === null ? null : ms('closed_at'),
    },
  };
}

/** The columns that intake writes; the others are the alert path's. */
function intakeRow(pushed: PushedAlert): Row {
  return {
    fingerprint: pushed.fingerprint,
    labels: pushed.labels,
    project: pushed.project,
    annotations: pushed.annotations,
    generator_url: pushed.generatorUrl,
    starts_at: new Date(pushed.startsAt),
    ends_at: new Date(pushed.endsAt),
    timeout: pushed.timeout,
    received_at: new Date(pushed.receivedAt),
    first_received_at: new Date(pushed.firstReceivedAt),
    activity: pushed.activity,
    version: pushed.version,
  };
}

/**
 * Writes alerts that were never pushed before, in one statement that is its own transaction.
 * @returns false when some are known: nothing is to be made of the answer then, and writing them again changes nothing
 */
export async function writeFirstPushes(db: Queryable, pushes: readonly Printed[], now: number): Promise<boolean> {
  const fresh = new Map<string, PushedAlert>();
  for (const { print, push } of pushes) fresh.set(print, takePush(fresh.get(print), push, print, now));
  return insertNew(db, [...fresh.values()]);
}

/**
 * Writes pushes in their order, on top of what is known.
 * @returns false when another instance wrote one of the same alerts for the first time meanwhile: nothing counts then
 */
export async function writePushes(tx: Queryable, pushes: readonly Printed[], now: number): Promise<boolean> {
  const prints = pushes.map(({ print }) => print);
  const rows = await tx.query(
    'SELECT * FROM pushed_alerts WHERE fingerprint = ANY ($1) ORDER BY fingerprint FOR UPDATE',
    [[...new Set(prints)]],
  );
  const before = new Map(rows.map(pushedFromRow).map((pushed) => [pushed.fingerprint, pushed]));
  const after = new Map(before);
  for (const { print, push } of pushes) after.set(print, takePush(after.get(print), push, print, now));
  const fresh = [...after.values()].filter(({ fingerprint }) => !before.has(fingerprint));
  await writeRows(
    tx,
    'pushed_alerts',
    [...before.keys()].map((print) => intakeRow(after.get(print) as PushedAlert)),
    ['fingerprint'],
  );
  return fresh.length === 0 || insertNew(tx, fresh);
}

/** Episodes are counted on from those of an alert that was forgotten. */
async function insertNew(tx: Queryable, fresh: readonly PushedAlert[]): Promise<boolean> {
  const rows = fresh.map(intakeRow);
  const names = Object.keys(rows[0] ?? {}).join(', ');
  const written = await tx.query(
    `INSERT INTO pushed_alerts (${names}, episode)
     SELECT ${names}, coalesce((SELECT max(a.episode) FROM alerts a WHERE a.fingerprint = r.fingerprint), 0)
     FROM jsonb_populate_recordset(NULL::pushed_alerts, $1::jsonb) r
     ON CONFLICT (fingerprint) DO NOTHING RETURNING 1`,
    [JSON.stringify(rows).replaceAll('\\u0000', '')],
  );
  return written.length === fresh.length;
}

/** Pushed alerts that changed since they were looked at, or whose end has come by `now` (ms). */
export async function readPushedToHandle(tx: Queryable, now: number, limit: number): Promise<PushedAlert[]> {
  const rows = await tx.query(
    `SELECT * FROM (
       (SELECT * FROM pushed_alerts WHERE handled_version <> version ORDER BY received_at LIMIT $2)
       UNION ALL
       (SELECT * FROM pushed_alerts WHERE open AND ends_at <= $1 AND handled_version = version ORDER BY ends_at LIMIT $2)
     ) pushed ORDER BY received_at, fingerprint LIMIT $2`,
    [new Date(now), limit],
  );
  return rows.map(pushedFromRow);
}

/** Sends the writes of what came of pushed alerts. A push that came meanwhile stays to be looked at. */
export function savePushProgress(tx: Queryable, pushed: NonNullable<Change['pushed']>): void {
  if (pushed.length === 0) return;
  const rows = pushed.map(({ fingerprint, progress: { version, activity, episode, round, open, closedAt } }) => ({
    ...{ fingerprint, handled_version: version, handled_activity: activity, episode, round, open },
    closed_at: closedAt === null ? null : new Date(closedAt),
  }));
  // Locked in the order in which intake locks them.
  void tx.query(
    `WITH locked AS (
       SELECT fingerprint FROM pushed_alerts WHERE fingerprint = ANY ($2) ORDER BY fingerprint FOR UPDATE)
     UPDATE pushed_alerts p SET handled_version = r.handled_version, handled_activity = r.handled_activity,
       episode = r.episode, round = r.round, open = r.open, closed_at = r.closed_at
     FROM jsonb_populate_recordset(NULL::pushed_alerts, $1::jsonb) r JOIN locked USING (fingerprint)
     WHERE p.fingerprint = r.fingerprint`,
    [JSON.stringify(rows), pushed.map(({ fingerprint }) => fingerprint)],
  );
}
