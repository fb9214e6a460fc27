import { databaseNow as readClock } from '../../../lib/database-time.ts';
import type { Db, Queryable } from '../../../lib/db.ts';
import { YumOpsError } from '../../../lib/errors.ts';
import type { DeadChannel } from '../deliver/dead-channels.ts';
import { THROTTLED } from '../deliver/throttle.ts';
import { type Episode, isMutedByOthers } from '../episode.ts';
import type { Claimed, Decision, GroupState, Message, Told } from '../group/state.ts';
import { isBatchKey, isNoticeKey, timerKey } from '../group/state.ts';
import type { Instance } from '../instance.ts';
import { grant, type LeaseAnswer, type LeaseWish, type StoredLease } from '../lease.ts';
import type { AlertStore, Change, Lease, RuleStatus, Saying } from '../ports.ts';
import type { Push, PushedAlert } from '../push/pushed.ts';
import type { Silence } from '../silence/silence.ts';
import { CLAIMED_COLUMNS, claimThrottled } from './claim-throttled.ts';
import { readDeadChannels } from './dead-channels.ts';
import { PushQueue } from './push-queue.ts';
import { readPushedToHandle, savePushProgress, writePushes } from './pushed-rows.ts';
import {
  claimedFromRow,
  episodeFromRow,
  episodeToRow,
  instanceFromRow,
  instanceToRow,
  messageFromRow,
  messageToRow,
  type Row,
  statusFromRow,
  statusToRow,
  timelineToRow,
  timerFromRow,
  timerToRow,
} from './rows.ts';
import { readSilencesInForce, silenceFromRow, silenceToRow } from './silence-rows.ts';
import { writeRows } from './write-rows.ts';

const LEASE_NAME = 'evaluator';
const PUSH_TRIES = 5;

const MESSAGE_ALERTS = `(SELECT jsonb_agg(jsonb_build_object('id', l.alert_id, 'key', l.key, 'ended', l.ended) ORDER BY l.position)
  FROM alert_message_alerts l WHERE l.message_id = m.id) AS alerts`;

/** No older message of the group to the same target is still on its way. */
const UNBLOCKED = `NOT EXISTS (SELECT 1 FROM alert_messages older
  WHERE older.group_key = m.group_key AND older.channel = m.channel AND older.target = m.target AND older.seq < m.seq
    AND older.status IN ('queued', 'sending', 'retrying', 'uncertain'))`;

/** The store in Postgres. Times come from the caller; only the lease reads the database's own clock. */
export class PostgresAlertStore implements AlertStore {
  readonly #db: Db;
  readonly #databaseNow: (tx: Queryable) => Promise<number>;
  readonly #pushes = new PushQueue((pushes, now) => this.#push(pushes, now));

  /** @param databaseNow the clock of leases, ms since the epoch; default is that of the database */
  constructor(db: Db, databaseNow: (tx: Queryable) => Promise<number> = readClock) {
    this.#db = db;
    this.#databaseNow = databaseNow;
  }

  lease(wish: LeaseWish): Promise<LeaseAnswer> {
    return this.#db.transaction(async (tx) => {
      await tx.query('SELECT pg_advisory_xact_lock(hashtext($1))', [`alert_leases:${LEASE_NAME}`]);
      const databaseNow = await this.#databaseNow(tx);
      const [row] = await tx.query('SELECT * FROM alert_leases WHERE name = $1', [LEASE_NAME]);
      const { stored, answer } = grant(row && leaseFromRow(row), wish, databaseNow);
      if (!stored) return answer;
      await tx.query(
        `INSERT INTO alert_leases (name, holder, token, expires_at, shift_ms) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (name) DO UPDATE SET holder = $2, token = $3, expires_at = $4, shift_ms = $5`,
        [LEASE_NAME, stored.holder, stored.token, new Date(stored.expiresAt), stored.shiftMs],
      );
      return answer;
    });
  }

  async release(lease: Lease): Promise<void> {
    await this.#db.query('UPDATE alert_leases SET expires_at = to_timestamp(0) WHERE name = $1 AND token = $2', [
      LEASE_NAME,
      lease.token,
    ]);
  }

  async instances(): Promise<Instance[]> {
    const rows = await this.#db.query('SELECT * FROM alert_instances');
    return rows.map(instanceFromRow);
  }

  async ruleStatuses(): Promise<RuleStatus[]> {
    const rows = await this.#db.query('SELECT * FROM alert_rule_statuses');
    return rows.map(statusFromRow);
  }

  async saveEvaluation(lease: Lease, statuses: readonly RuleStatus[], instances: readonly Instance[]): Promise<void> {
    await this.#db.transaction(async (tx) => {
      await fence(tx, lease);
      await writeRows(tx, 'alert_rule_statuses', statuses.map(statusToRow), ['rule_id']);
      await writeRows(tx, 'alert_instances', instances.map(instanceToRow), ['fingerprint']);
    });
  }

  async follow(lease: Lease, sayings: readonly Saying[]): Promise<void> {
    await this.#db.transaction(async (tx) => {
      await fence(tx, lease);
      await tx.query(
        `UPDATE alerts SET subject = alerts.subject || now.said
         FROM jsonb_to_recordset($1::jsonb) AS now("alertId" text, said jsonb)
         WHERE alerts.id = now."alertId" AND alerts.state = 'firing'`,
        [JSON.stringify(sayings).replaceAll('\\u0000', '')],
      );
    });
  }

  change(change: Change): Promise<Decision> {
    return this.#db.transaction(async (tx) => {
      if (change.lease) await fence(tx, change.lease);
      const before = await loadGroup(tx, change.groupKey, change.alertIds);
      const decision = change.decide(before, {
        silences: await readSilencesInForce(tx, change.now),
        firing: change.readsFiring || [...before.alerts.values()].some(isMutedByOthers) ? await readFiring(tx) : [],
      });
      await saveGroup(tx, before, decision);
      await writeRows(tx, 'alert_instances', change.instances.map(instanceToRow), ['fingerprint']);
      await savePushProgress(tx, change.pushed ?? []);
      await change.afterwards?.(tx);
      return decision;
    });
  }

  async dueGroups(now: number): Promise<string[]> {
    const rows = await this.#db.query<{ group_key: string }>(
      `SELECT group_key FROM alert_timers WHERE due_at <= $1
       UNION SELECT group_key FROM alert_messages WHERE fallback_at <= $1`,
      [new Date(now)],
    );
    return rows.map((row) => row.group_key);
  }

  async nextDue(): Promise<number | null> {
    const [row] = await this.#db.query<{ due: Date | null }>(
      `SELECT least(
         (SELECT min(due_at) FROM alert_timers),
         (SELECT min(fallback_at) FROM alert_messages WHERE fallback_at IS NOT NULL),
         (SELECT min(next_attempt_at) FROM alert_messages m
          WHERE status IN ('queued', 'retrying', 'uncertain') AND ${UNBLOCKED}),
         (SELECT min(received_at) FROM pushed_alerts WHERE handled_version <> version),
         (SELECT min(ends_at) FROM pushed_alerts WHERE open)
       ) AS due`,
    );
    return row?.due?.getTime() ?? null;
  }

  async groupsOf(alertIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
    if (alertIds.length === 0) return new Map();
    const rows = await this.#db.query<{ id: string; group_key: string }>(
      'SELECT id, group_key FROM alerts WHERE id = ANY ($1::text[])',
      [[...alertIds]],
    );
    return new Map(rows.map((row) => [row.id, row.group_key]));
  }

  async firingAlerts(): Promise<Episode[]> {
    return readFiring(this.#db);
  }

  push(pushes: readonly Push[], now: number): Promise<void> {
    return this.#pushes.add(pushes, now);
  }

  async #push(pushes: readonly Push[], now: number): Promise<void> {
    for (let tries = PUSH_TRIES; tries > 0; tries--) {
      const written = await this.#db.transaction((tx) => writePushes(tx, pushes, now));
      if (written) return;
    }
    throw new YumOpsError('busy', 'Other instances write the same alerts.', { hint: 'Send them again.', status: 503 });
  }

  async pushedToHandle(now: number, limit: number): Promise<PushedAlert[]> {
    return readPushedToHandle(this.#db, now, limit);
  }

  async pushedTimes(): Promise<ReadonlyMap<string, Pick<PushedAlert, 'receivedAt' | 'endsAt'>>> {
    const rows = await this.#db.query<{ fingerprint: string; received_at: Date; ends_at: Date }>(
      'SELECT fingerprint, received_at, ends_at FROM pushed_alerts WHERE open',
    );
    return new Map(
      rows.map(({ fingerprint, received_at, ends_at }) => [
        fingerprint,
        { receivedAt: received_at.getTime(), endsAt: ends_at.getTime() },
      ]),
    );
  }

  async prunePushed(before: number): Promise<void> {
    await this.#db.query('DELETE FROM pushed_alerts WHERE NOT open AND handled_version = version AND ends_at < $1', [
      new Date(before),
    ]);
  }

  async silences(): Promise<Silence[]> {
    const rows = await this.#db.query('SELECT * FROM alert_silences ORDER BY created_at DESC, id');
    return rows.map(silenceFromRow);
  }

  async writeSilence(silence: Silence, afterwards: (tx: Queryable) => Promise<void>): Promise<void> {
    await this.#db.transaction(async (tx) => {
      await writeRows(tx, 'alert_silences', [silenceToRow(silence)], ['id']);
      await afterwards(tx);
    });
  }

  async pruneSilences(before: number): Promise<void> {
    await this.#db.query('DELETE FROM alert_silences WHERE coalesce(ended_at, ends_at) < $1', [new Date(before)]);
  }

  async deadChannels(now: number): Promise<DeadChannel[]> {
    return readDeadChannels(this.#db, now);
  }

  async pruneSynthetic(before: number): Promise<void> {
    await this.#db.query(
      `WITH old AS (DELETE FROM alerts WHERE origin = 'watchdog' AND resolved_at < $1 RETURNING id)
       DELETE FROM alert_messages WHERE id IN (
         SELECT l.message_id FROM alert_message_alerts l JOIN old ON old.id = l.alert_id)`,
      [new Date(before)],
    );
  }

  async wakeMuted(now: number): Promise<void> {
    await this.#db.query(`UPDATE alert_timers SET due_at = $1 WHERE kind = 'muted'`, [new Date(now)]);
  }

  async claim(worker: string, now: number, leaseMs: number, limit: number): Promise<Claimed[]> {
    const free = await this.#claimFree(worker, now, leaseMs, limit);
    const room = limit - free.length;
    if (room <= 0) return free;
    return [...free, ...(await claimThrottled(this.#db, { worker, now, until: now + leaseMs, limit: room }))];
  }

  /** Takes messages of channels that are not throttled. */
  async #claimFree(worker: string, now: number, leaseMs: number, limit: number): Promise<Claimed[]> {
    const rows = await this.#db.query<Row & { seq: number }>(
      `UPDATE alert_messages m
       SET status = 'sending', attempts = attempts + 1, attempted_at = $2, claimed_by = $1, claimed_until = $3
       WHERE id IN (
         SELECT id FROM alert_messages m
         WHERE status IN ('queued', 'retrying', 'uncertain') AND next_attempt_at <= $2 AND ${UNBLOCKED}
           AND channel <> ALL ($5::text[])
         ORDER BY next_attempt_at, seq LIMIT $4 FOR UPDATE SKIP LOCKED)
       RETURNING ${CLAIMED_COLUMNS}`,
      [worker, new Date(now), new Date(now + leaseMs), limit, THROTTLED],
    );
    return rows.sort((a, b) => a.seq - b.seq).map(claimedFromRow);
  }

  async leftAs(id: string): Promise<{ id: string; groupKey: string; alertIds: readonly string[] }[]> {
    return this.#db.query(
      `SELECT m.id, m.group_key AS "groupKey",
         ARRAY(SELECT l.alert_id FROM alert_message_alerts l WHERE l.message_id = m.id) AS "alertIds"
       FROM alert_messages m WHERE m.id = $1 OR m.bundle = $1 ORDER BY m.seq`,
      [id],
    );
  }

  async interrupted(
    worker: string,
    now: number,
    inFlight: readonly string[],
  ): Promise<{ id: string; groupKey: string }[]> {
    return this.#db.query(
      `SELECT id, group_key AS "groupKey" FROM alert_messages
       WHERE status = 'sending' AND (claimed_until <= $2 OR (claimed_by = $1 AND id <> ALL ($3::text[])))`,
      [worker, new Date(now), [...inFlight]],
    );
  }
}

function leaseFromRow(row: Row): StoredLease {
  return {
    holder: row['holder'] as string,
    token: Number(row['token']),
    expiresAt: (row['expires_at'] as Date).getTime(),
    shiftMs: Number(row['shift_ms']),
  };
}

/** Holds the lease row until the transaction ends, so that nobody can take the lease between check and commit. */
async function fence(tx: Queryable, lease: Lease): Promise<void> {
  const rows = await tx.query('SELECT 1 FROM alert_leases WHERE name = $1 AND token = $2 FOR SHARE', [
    LEASE_NAME,
    lease.token,
  ]);
  if (rows.length > 0) return;
  throw new YumOpsError('lease_lost', 'Another instance evaluates the alert rules now.', { status: 409 });
}

/** Locks the group and reads what decisions about it need: alerts that fire, that have messages out, or are named. */
async function loadGroup(tx: Queryable, key: string, alertIds: readonly string[]): Promise<GroupState> {
  await tx.query('INSERT INTO alert_groups (key) VALUES ($1) ON CONFLICT (key) DO NOTHING', [key]);
  const [group] = await tx.query<{ anchor_at: Date | null; told: Record<string, Told> }>(
    'SELECT anchor_at, told FROM alert_groups WHERE key = $1 FOR UPDATE',
    [key],
  );
  const told = new Map(Object.entries(group?.told ?? {}));
  const named = [...alertIds, ...[...told.values()].flatMap(({ firing }) => firing)];
  const alerts = await tx.query(
    `SELECT * FROM alerts WHERE group_key = $1 AND (state = 'firing' OR id = ANY ($2::text[])
       OR id IN (SELECT alert_id FROM alert_timers WHERE group_key = $1)
       OR id IN (SELECT l.alert_id FROM alert_message_alerts l JOIN alert_messages m ON m.id = l.message_id
                 WHERE m.group_key = $1 AND m.status IN ('queued', 'sending', 'retrying', 'uncertain')))
     ORDER BY started_at, id`,
    [key, named],
  );
  const timers = await tx.query('SELECT * FROM alert_timers WHERE group_key = $1 ORDER BY due_at', [key]);
  const messages = await readMessages(tx, key, alerts);
  return {
    key,
    anchorAt: group?.anchor_at?.getTime() ?? null,
    alerts: new Map(alerts.map(episodeFromRow).map((alert) => [alert.id, alert])),
    timers: new Map(timers.map(timerFromRow).map((timer) => [timerKey(timer), timer])),
    messages: new Map(messages.map(messageFromRow).map((message) => [message.id, message])),
    told,
  };
}

/**
 * The messages about these alerts; of a group that is told as a whole, or of notices, those that are on their way. The lock keeps
 * workers from taking a message that the decision may withdraw.
 */
function readMessages(tx: Queryable, key: string, alerts: readonly Row[]): Promise<Row[]> {
  if (isBatchKey(key) || isNoticeKey(key)) {
    return tx.query(
      `SELECT m.*, ${MESSAGE_ALERTS} FROM alert_messages m
       WHERE m.group_key = $1 AND m.status IN ('queued', 'sending', 'retrying', 'uncertain')
       ORDER BY m.seq FOR UPDATE OF m`,
      [key],
    );
  }
  return tx.query(
    `SELECT m.*, ${MESSAGE_ALERTS} FROM alert_messages m
     WHERE m.id IN (SELECT message_id FROM alert_message_alerts WHERE alert_id = ANY ($1::text[]))
     ORDER BY m.seq FOR UPDATE OF m`,
    [alerts.map((alert) => alert['id'] as string)],
  );
}

async function readFiring(tx: Queryable): Promise<Episode[]> {
  const rows = await tx.query(
    `SELECT * FROM alerts WHERE state = 'firing' AND origin <> 'watchdog' ORDER BY started_at, id`,
  );
  return rows.map(episodeFromRow);
}

async function saveGroup(tx: Queryable, before: GroupState, decision: Decision): Promise<void> {
  const { state, timeline } = decision;
  if (state.anchorAt !== before.anchorAt) {
    const anchor = state.anchorAt === null ? null : new Date(state.anchorAt);
    await tx.query('UPDATE alert_groups SET anchor_at = $2 WHERE key = $1', [state.key, anchor]);
  }
  if (changed(before.told, state.told).length > 0 || before.told.size !== state.told.size) {
    await tx.query('UPDATE alert_groups SET told = $2 WHERE key = $1', [state.key, Object.fromEntries(state.told)]);
  }
  await writeRows(tx, 'alerts', changed(before.alerts, state.alerts).map(episodeToRow), ['id']);
  await saveMessages(tx, before, state);
  await saveTimers(tx, before, state);
  await writeRows(tx, 'alert_timeline', timeline.map(timelineToRow), null);
}

async function saveMessages(tx: Queryable, before: GroupState, state: GroupState): Promise<void> {
  const messages = changed(before.messages, state.messages);
  await writeRows(tx, 'alert_messages', messages.map(messageToRow), ['id']);
  for (const message of messages) {
    const was = before.messages.get(message.id);
    if (was && was.alerts.length > message.alerts.length) await dropLinks(tx, message);
  }
  const links = messages
    .filter((message) => !before.messages.has(message.id))
    .flatMap((message) =>
      message.alerts.map(({ id, key, ended = false }, position) => {
        return { key, message_id: message.id, alert_id: id, position, ended };
      }),
    );
  await writeRows(tx, 'alert_message_alerts', links, null);
}

/** A message that waits may be narrowed to some of its alerts. */
async function dropLinks(tx: Queryable, message: Message): Promise<void> {
  await tx.query('DELETE FROM alert_message_alerts WHERE message_id = $1 AND key <> ALL ($2::text[])', [
    message.id,
    message.alerts.map(({ key }) => key),
  ]);
}

async function saveTimers(tx: Queryable, before: GroupState, state: GroupState): Promise<void> {
  const gone = [...before.timers.values()].filter((timer) => !state.timers.has(timerKey(timer)));
  if (gone.length > 0) {
    await tx.query(
      `DELETE FROM alert_timers t USING jsonb_to_recordset($1::jsonb) AS g("alertId" text, kind text, step int)
       WHERE t.alert_id = g."alertId" AND t.kind = g.kind AND t.step = g.step`,
      [JSON.stringify(gone)],
    );
  }
  const set = changed(before.timers, state.timers).map((timer) => timerToRow(timer, state.key));
  await writeRows(tx, 'alert_timers', set, ['alert_id', 'kind', 'step']);
}

/** Values that are new or another object than before; a decision never changes one in place. */
function changed<Value>(before: ReadonlyMap<string, Value>, after: ReadonlyMap<string, Value>): Value[] {
  return [...after].filter(([key, value]) => before.get(key) !== value).map(([, value]) => value);
}
