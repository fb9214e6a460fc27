import type { Queryable } from '../../../lib/db.ts';
import {
  type Decision,
  emptyGroup,
  type GroupState,
  isBatchKey,
  isNoticeKey,
  type Message,
  type Told,
  timerKey,
} from '../group/state.ts';
import type { Change } from '../ports.ts';
import {
  episodeFromRow,
  episodeToRow,
  messageFromRow,
  messageProgress,
  messageToRow,
  type Row,
  timelineToRow,
  timerFromRow,
  timerToRow,
} from './rows.ts';
import { toJson, writeRows } from './write-rows.ts';

const MESSAGE_ALERTS = `(SELECT jsonb_agg(jsonb_build_object('id', l.alert_id, 'key', l.key, 'ended', l.ended) ORDER BY l.position)
  FROM alert_message_alerts l WHERE l.message_id = m.id) AS alerts`;

const OUT = `('queued', 'sending', 'retrying', 'uncertain')`;

/** Alerts that fire, that have something due or on its way, whose end somebody waits for, or that are named. */
const WANTED = `wanted AS (
    SELECT id FROM alerts WHERE group_key = ANY ($1::text[]) AND state = 'firing'
    UNION SELECT unnest($2::text[])
    UNION SELECT alert_id FROM alert_timers WHERE group_key = ANY ($1::text[])
    UNION SELECT l.alert_id FROM alert_messages m JOIN alert_message_alerts l ON l.message_id = m.id
      WHERE m.group_key = ANY ($1::text[]) AND m.status IN ${OUT}
    UNION SELECT jsonb_array_elements_text(t.value -> 'firing') FROM alert_groups g, jsonb_each(g.told) t
      WHERE g.key = ANY ($1::text[]))`;

/**
 * Rows are looked up one by one behind `OFFSET 0`: the number of ids cannot be estimated, and a plan that joins whole
 * tables takes longer with every alert that is kept.
 */
const ALERTS = `WITH ${WANTED}
  SELECT a.* FROM wanted CROSS JOIN LATERAL (SELECT * FROM alerts WHERE alerts.id = wanted.id OFFSET 0) a
  WHERE a.group_key = ANY ($1::text[]) ORDER BY a.started_at, a.id`;

/**
 * The messages about the alerts that are read; of groups that are told as a whole ($3) those that are on their way. The lock
 * keeps workers from taking a message that a decision may withdraw.
 */
const MESSAGES = `WITH ${WANTED}, told AS (
    SELECT l.message_id AS id FROM wanted
      CROSS JOIN LATERAL (SELECT group_key FROM alerts WHERE alerts.id = wanted.id OFFSET 0) a
      CROSS JOIN LATERAL (SELECT message_id FROM alert_message_alerts WHERE alert_id = wanted.id OFFSET 0) l
      WHERE a.group_key = ANY ($1::text[])
    UNION SELECT id FROM alert_messages WHERE group_key = ANY ($3::text[]) AND status IN ${OUT})
  SELECT m.*, ${MESSAGE_ALERTS}
  FROM (SELECT * FROM alert_messages WHERE id = ANY (ARRAY(SELECT id FROM told)) OFFSET 0) m
  ORDER BY m.seq FOR UPDATE OF m`;

/**
 * Locks groups and reads what decisions about them need, in the order of the changes. Groups are locked in the order of
 * their keys, so that two transactions cannot wait for each other. Of groups that were made here there is nothing to read.
 * @param held settles before anything else does; what it throws ends the reading
 */
export async function loadGroups(
  tx: Queryable,
  changes: readonly Pick<Change, 'groupKey' | 'alertIds' | 'begins'>[],
  held: Promise<void>,
): Promise<GroupState[]> {
  const keys = changes.map(({ groupKey }) => groupKey).sort();
  const made = tx.query(
    'INSERT INTO alert_groups (key) SELECT unnest($1::text[]) ON CONFLICT (key) DO NOTHING RETURNING 1',
    [keys],
  );
  if (changes.every(({ begins }) => begins)) {
    const [fresh] = await Promise.all([made, held]);
    if (fresh.length === keys.length) return changes.map(({ groupKey }) => emptyGroup(groupKey));
  }
  const named = changes.flatMap(({ alertIds }) => alertIds);
  const [groups, alerts, timers, messages] = await Promise.all([
    tx.query<GroupRow>(
      'SELECT key, anchor_at, told FROM alert_groups WHERE key = ANY ($1::text[]) ORDER BY key FOR UPDATE',
      [keys],
    ),
    tx.query<GroupedRow>(ALERTS, [keys, named]),
    tx.query<GroupedRow>('SELECT * FROM alert_timers WHERE group_key = ANY ($1::text[]) ORDER BY due_at', [keys]),
    tx.query<GroupedRow>(MESSAGES, [keys.filter((key) => !isReadAsOut(key)), named, keys.filter(isReadAsOut)]),
    held,
  ]);
  const byKey = new Map(groups.map((row) => [row.key, row]));
  const [alertsOf, timersOf, messagesOf] = [byGroup(alerts), byGroup(timers), byGroup(messages)];
  return changes.map(({ groupKey: key }) => {
    const group = byKey.get(key);
    return {
      key,
      anchorAt: group?.anchor_at?.getTime() ?? null,
      alerts: new Map((alertsOf.get(key) ?? []).map(episodeFromRow).map((alert) => [alert.id, alert])),
      timers: new Map((timersOf.get(key) ?? []).map(timerFromRow).map((timer) => [timerKey(timer), timer])),
      messages: new Map((messagesOf.get(key) ?? []).map(messageFromRow).map((message) => [message.id, message])),
      told: new Map(Object.entries(group?.told ?? {})),
    };
  });
}

/** Of a group that is told as a whole, or of notices, only the messages that are on their way count. */
function isReadAsOut(key: string): boolean {
  return isBatchKey(key) || isNoticeKey(key);
}

interface GroupRow {
  key: string;
  anchor_at: Date | null;
  told: Record<string, Told>;
}

type GroupedRow = Row & { group_key: string };

function byGroup(rows: readonly GroupedRow[]): Map<string, GroupedRow[]> {
  const groups = new Map<string, GroupedRow[]>();
  for (const row of rows) {
    const own = groups.get(row.group_key);
    if (own) own.push(row);
    else groups.set(row.group_key, [row]);
  }
  return groups;
}

/** A group before a decision about it, and the decision. */
export interface Decided {
  before: GroupState;
  decision: Decision;
}

/**
 * Sends the writes of decisions; the transaction waits for them when it commits.
 * @param claims whose the messages are that were taken meanwhile
 */
export function saveGroups(tx: Queryable, decided: readonly Decided[], claims?: Claims): void {
  saveHeads(tx, decided);
  const alerts = decided.flatMap(({ before, decision }) => changed(before.alerts, decision.state.alerts));
  void writeRows(tx, 'alerts', alerts.map(episodeToRow), ['id']);
  saveMessages(tx, decided, claims);
  saveTimers(tx, decided);
  const timeline = decided.flatMap(({ decision }) => decision.timeline);
  void writeRows(tx, 'alert_timeline', timeline.map(timelineToRow), null);
}

function saveHeads(tx: Queryable, decided: readonly Decided[]): void {
  const heads = decided.filter(
    ({ before, decision: { state } }) =>
      state.anchorAt !== before.anchorAt ||
      before.told.size !== state.told.size ||
      changed(before.told, state.told).length > 0,
  );
  if (heads.length === 0) return;
  const rows = heads.map(({ decision: { state } }) => ({
    key: state.key,
    anchor_at: state.anchorAt === null ? null : new Date(state.anchorAt),
    told: Object.fromEntries(state.told),
  }));
  void tx.query(
    `UPDATE alert_groups g SET anchor_at = r.anchor_at, told = r.told
     FROM jsonb_to_recordset($1::jsonb) AS r(key text, anchor_at timestamptz, told jsonb) WHERE g.key = r.key`,
    [JSON.stringify(rows)],
  );
}

/** Messages that a worker has taken. */
export interface Claims {
  taken: readonly Pick<Message, 'id'>[];
  worker: string;
  /** Until when they are the worker's, ms since the epoch. */
  until: number;
}

function saveMessages(tx: Queryable, decided: readonly Decided[], claims?: Claims): void {
  const messages = decided.flatMap(({ before, decision }) =>
    changed(before.messages, decision.state.messages).map(
      (message): Written => ({ message, was: before.messages.get(message.id) }),
    ),
  );
  const taken = new Set(claims?.taken.map(({ id }) => id));
  const claim = { claimed_by: claims?.worker, claimed_until: new Date(claims?.until ?? 0) };
  const rowsOf = (isTaken: boolean) =>
    messages
      .filter((one) => taken.has(one.message.id) === isTaken && !isMoved(one))
      .map(({ message }) => messageToRow(message));
  // What is taken is the oldest for its target: written first it stays so.
  void writeRows(
    tx,
    'alert_messages',
    rowsOf(true).map((row) => ({ ...row, ...claim })),
    ['id'],
  );
  void writeRows(tx, 'alert_messages', rowsOf(false), ['id']);
  moveMessages(
    tx,
    messages.filter(isMoved).map(({ message }) => message),
  );
  for (const { message, was } of messages) if (was && was.alerts.length > message.alerts.length) dropLinks(tx, message);
  const links = messages
    .filter(({ was }) => was === undefined)
    .flatMap(({ message }) =>
      message.alerts.map(({ id, key, ended = false }, position) => {
        return { key, message_id: message.id, alert_id: id, position, ended };
      }),
    );
  void writeRows(tx, 'alert_message_alerts', links, null);
}

/** A message after a decision, and before: undefined = it is new. */
interface Written {
  message: Message;
  was: Message | undefined;
}

/** It says what it said: only what became of it is written. A new message, which may be taken at once, is not. */
function isMoved({ message, was }: Written): boolean {
  return was !== undefined && was.body === message.body && was.alerts === message.alerts;
}

function moveMessages(tx: Queryable, messages: readonly Message[]): void {
  if (messages.length === 0) return;
  const updates = Object.keys(messageProgress(messages[0] as Message)).map((column) => `${column} = r.${column}`);
  void tx.query(
    `UPDATE alert_messages m SET ${updates.join(', ')}
     FROM jsonb_populate_recordset(NULL::alert_messages, $1::jsonb) r WHERE m.id = r.id`,
    [toJson(messages.map((message) => ({ id: message.id, ...messageProgress(message) })))],
  );
}

/** A message that waits may be narrowed to some of its alerts. */
function dropLinks(tx: Queryable, message: Message): void {
  void tx.query('DELETE FROM alert_message_alerts WHERE message_id = $1 AND key <> ALL ($2::text[])', [
    message.id,
    message.alerts.map(({ key }) => key),
  ]);
}

function saveTimers(tx: Queryable, decided: readonly Decided[]): void {
  const gone = decided.flatMap(({ before, decision }) =>
    [...before.timers.values()].filter((timer) => !decision.state.timers.has(timerKey(timer))),
  );
  if (gone.length > 0) {
    void tx.query(
      `DELETE FROM alert_timers t USING jsonb_to_recordset($1::jsonb) AS g("alertId" text, kind text, step int)
       WHERE t.alert_id = g."alertId" AND t.kind = g.kind AND t.step = g.step`,
      [JSON.stringify(gone)],
    );
  }
  const set = decided.flatMap(({ before, decision: { state } }) =>
    changed(before.timers, state.timers).map((timer) => timerToRow(timer, state.key)),
  );
  void writeRows(tx, 'alert_timers', set, ['alert_id', 'kind', 'step']);
}

/** Values that are new or another object than before; a decision never changes one in place. */
function changed<Value>(before: ReadonlyMap<string, Value>, after: ReadonlyMap<string, Value>): Value[] {
  return [...after].filter(([key, value]) => before.get(key) !== value).map(([, value]) => value);
}
