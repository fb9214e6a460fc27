import { databaseNow as readClock } from '../../../lib/database-time.ts';
import type { Db, Queryable } from '../../../lib/db.ts';
import { YumOpsError } from '../../../lib/errors.ts';
import type { DeadChannel } from '../deliver/dead-channels.ts';
import { LIMITS, type Limits, THROTTLED } from '../deliver/throttle.ts';
import { type Episode, isMutedByOthers } from '../episode.ts';
import type { Claimed, Decision, GroupState } from '../group/state.ts';
import type { Instance } from '../instance.ts';
import { JoinQueue } from '../join-queue.ts';
import { grant, type LeaseAnswer, type LeaseWish, type StoredLease } from '../lease.ts';
import type { AlertStore, Change, Changed, ClaimRoom, Lease, RuleStatus, Saying, Sender } from '../ports.ts';
import { type Push, type PushedAlert, pushFingerprint } from '../push/pushed.ts';
import type { Silence } from '../silence/silence.ts';
import { claimNew } from './claim-new.ts';
import { CLAIMED_COLUMNS, claimThrottled } from './claim-throttled.ts';
import { readDeadChannels } from './dead-channels.ts';
import { loadGroups, saveGroups } from './group-rows.ts';
import { readPushedToHandle, savePushProgress, writeFirstPushes, writePushes } from './pushed-rows.ts';
import {
  claimedFromRow,
  episodeFromRow,
  instanceFromRow,
  instanceToRow,
  type Row,
  statusFromRow,
  statusToRow,
} from './rows.ts';
import { readSilencesInForce, silenceFromRow, silenceToRow } from './silence-rows.ts';
import { writeRows } from './write-rows.ts';

const LEASE_NAME = 'evaluator';
const PUSH_TRIES = 5;
const REMEMBERED = 50_000;
/** So many senders share one commit. */
const PUSHES_AT_ONCE = 64;
const WAITING = `('queued', 'retrying', 'uncertain')`;

/**
 * No older message of the group to the same target is still on its way: it is the oldest one itself. Written so that it is one
 * look at an index for each message, however the table is estimated.
 */
const UNBLOCKED = `m.seq = (SELECT oldest.seq FROM alert_messages oldest
  WHERE oldest.group_key = m.group_key AND oldest.channel = m.channel AND oldest.target = m.target
    AND oldest.status IN ('queued', 'sending', 'retrying', 'uncertain')
  ORDER BY oldest.seq LIMIT 1)`;

/** The targets of messages that wait, each once, by one look at an index for each. */
const TARGETS = `WITH RECURSIVE targets AS (
    (SELECT channel, target FROM alert_messages WHERE status IN ${WAITING} ORDER BY channel, target LIMIT 1)
    UNION ALL
    SELECT next.channel, next.target FROM targets t CROSS JOIN LATERAL (
      SELECT channel, target FROM alert_messages
      WHERE status IN ${WAITING} AND (channel, target) > (t.channel, t.target) ORDER BY channel, target LIMIT 1) next)`;

/**
 * Messages that may leave now ($2): so many for each target ($7) that is not busy ($6) or throttled ($5), and so many in all
 * ($4), the first of each target before the second of any: a page to one does not stand behind the flood of another. It
 * goes from target to target, so that thousands that wait for one of them are not looked at to find another's.
 */
const FREE = `${TARGETS}
  SELECT free.id FROM targets t CROSS JOIN LATERAL (
    SELECT id, next_attempt_at, seq, row_number() OVER (ORDER BY next_attempt_at, seq) AS place FROM alert_messages m
    WHERE m.channel = t.channel AND m.target = t.target AND status IN ${WAITING} AND next_attempt_at <= $2 AND ${UNBLOCKED}
    ORDER BY next_attempt_at, seq LIMIT $7) free
  WHERE t.channel <> ALL ($5::text[]) AND t.channel || '/' || t.target <> ALL ($6::text[])
  ORDER BY free.place, free.next_attempt_at, free.seq LIMIT $4`;

/** When the first message that waits may leave. */
const FIRST = `SELECT next_attempt_at FROM (
    SELECT * FROM alert_messages WHERE status IN ${WAITING} ORDER BY next_attempt_at) m
  WHERE ${UNBLOCKED} LIMIT 1`;

/** The same for targets other than these ($1): thousands may wait for them, so it goes from target to target. */
const FIRST_ELSEWHERE = `${TARGETS}
  SELECT min(first.next_attempt_at) FROM targets t CROSS JOIN LATERAL (
    SELECT next_attempt_at FROM (
      SELECT * FROM alert_messages
      WHERE channel = t.channel AND target = t.target AND status IN ${WAITING} ORDER BY next_attempt_at) m
    WHERE ${UNBLOCKED} LIMIT 1) first
  WHERE t.channel || '/' || t.target <> ALL ($1::text[])`;

/** The store in Postgres. Times come from the caller; only the lease reads the database's own clock. */
export class PostgresAlertStore implements AlertStore {
  readonly #db: Db;
  readonly #databaseNow: (tx: Queryable) => Promise<number>;
  readonly #limits: Limits;
  /** Fingerprints that were pushed through this instance. */
  readonly #pushed = new Set<string>();
  readonly #pushes = new JoinQueue<{ pushes: readonly Push[]; now: number }>(
    (sent) =>
      this.#push(
        sent.flatMap(({ pushes }) => pushes),
        Math.max(...sent.map(({ now }) => now)),
      ),
    PUSHES_AT_ONCE,
  );

  /** @param databaseNow the clock of leases, ms since the epoch; default is that of the database */
  constructor(db: Db, databaseNow: (tx: Queryable) => Promise<number> = readClock, limits = LIMITS) {
    this.#limits = limits;
    this.#db = db.prepared?.() ?? db;
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

  async change(change: Change): Promise<Decision> {
    const { decisions } = await this.changeAll([change]);
    return decisions[0] as Decision;
  }

  async changeAll(changes: readonly Change[], sender?: Sender): Promise<Changed> {
    const [first] = changes;
    if (!first) return { decisions: [], claimed: [] };
    return this.#db.transaction(async (tx) => {
      const held = first.lease ? fence(tx, first.lease) : Promise.resolve();
      const [loaded, silences] = await Promise.all([loadGroups(tx, changes, held), readSilencesInForce(tx, first.now)]);
      const readsFiring = changes.some((change) => change.readsFiring) || loaded.some(hasMuted);
      const firing = new Map((readsFiring ? await readFiring(tx) : []).map((alert) => [alert.id, alert]));
      const decided = changes.map((change, index) => {
        const before = loaded[index] as GroupState;
        const decision = change.decide(before, { silences, firing: [...firing.values()] });
        if (readsFiring) follow(firing, decision);
        return { before, decision };
      });
      const claimed = sender ? claimNew(decided, sender) : [];
      saveGroups(tx, decided, sender && { ...sender, taken: claimed });
      const instances = changes.flatMap((change) => change.instances);
      void writeRows(tx, 'alert_instances', instances.map(instanceToRow), ['fingerprint']);
      savePushProgress(
        tx,
        changes.flatMap(({ pushed = [] }) => pushed),
      );
      for (const change of changes) await change.afterwards?.(tx);
      return { decisions: decided.map(({ decision }) => decision), claimed };
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

  async nextDue(room?: ClaimRoom): Promise<number | null> {
    const busy = room?.busy ?? [];
    const message = room?.messages === 0 ? 'NULL' : busy.length === 0 ? `(${FIRST})` : `(${FIRST_ELSEWHERE})`;
    const [row] = await this.#db.query<{ due: Date | null }>(
      `SELECT least(
         (SELECT min(due_at) FROM alert_timers),
         (SELECT min(fallback_at) FROM alert_messages WHERE fallback_at IS NOT NULL),
         ${message},
         (SELECT min(received_at) FROM pushed_alerts WHERE handled_version <> version),
         (SELECT min(ends_at) FROM pushed_alerts WHERE open)
       ) AS due`,
      message.includes('$1') ? [busy] : [],
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
    return this.#pushes.add({ pushes, now });
  }

  async #push(pushes: readonly Push[], now: number): Promise<void> {
    const printed = pushes.map((push) => ({ print: pushFingerprint(push), push }));
    const isFirst = !printed.some(({ print }) => this.#pushed.has(print));
    this.#remember(printed.map(({ print }) => print));
    if (isFirst && (await writeFirstPushes(this.#db, printed, now))) return;
    for (let tries = PUSH_TRIES; tries > 0; tries--) {
      const written = await this.#db.transaction((tx) => writePushes(tx, printed, now));
      if (written) return;
    }
    throw new YumOpsError('busy', 'Other instances write the same alerts.', { hint: 'Send them again.', status: 503 });
  }

  /** Senders repeat themselves: what was pushed here before is looked up first. */
  #remember(prints: readonly string[]): void {
    if (this.#pushed.size > REMEMBERED) this.#pushed.clear();
    for (const print of prints) this.#pushed.add(print);
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
    await this.#db.transaction(async (tx) => {
      // Groups are locked as changes of them lock them, so that neither waits for the other in a circle.
      void tx.query(
        `SELECT 1 FROM alert_groups WHERE key IN (SELECT group_key FROM alert_timers WHERE kind = 'muted')
         ORDER BY key FOR UPDATE`,
      );
      await tx.query(`UPDATE alert_timers SET due_at = $1 WHERE kind = 'muted'`, [new Date(now)]);
    });
  }

  async claim(worker: string, now: number, leaseMs: number, room: ClaimRoom): Promise<Claimed[]> {
    const [free, throttled] = await Promise.all([
      this.#claimFree(worker, now, leaseMs, room),
      claimThrottled(this.#db, { worker, now, until: now + leaseMs, limit: room.messages, limits: this.#limits }),
    ]);
    return [...free, ...throttled];
  }

  /** Takes messages of channels that are not throttled. */
  async #claimFree(worker: string, now: number, leaseMs: number, room: ClaimRoom): Promise<Claimed[]> {
    const rows = await this.#db.query<Row & { seq: number }>(
      `UPDATE alert_messages m
       SET status = 'sending', attempts = attempts + 1, attempted_at = $2, claimed_by = $1, claimed_until = $3
       WHERE id = ANY (ARRAY(
         SELECT id FROM alert_messages WHERE id = ANY (ARRAY(${FREE})) AND status IN ${WAITING} FOR UPDATE SKIP LOCKED))
       RETURNING ${CLAIMED_COLUMNS}`,
      [worker, new Date(now), new Date(now + leaseMs), room.messages, THROTTLED, room.busy, room.perTarget],
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

function hasMuted({ alerts }: GroupState): boolean {
  return [...alerts.values()].some(isMutedByOthers);
}

/** Decisions that come later in the transaction see what this one made fire and what it ended. */
function follow(firing: Map<string, Episode>, { state }: Decision): void {
  for (const alert of state.alerts.values()) {
    if (alert.state === 'firing' && alert.origin !== 'watchdog') firing.set(alert.id, alert);
    else firing.delete(alert.id);
  }
}

async function readFiring(tx: Queryable): Promise<Episode[]> {
  const rows = await tx.query(
    `SELECT * FROM alerts WHERE state = 'firing' AND origin <> 'watchdog' ORDER BY started_at, id`,
  );
  return rows.map(episodeFromRow);
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
