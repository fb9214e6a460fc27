import type { Severity } from '@yumops/protocol';
import type { Queryable } from '../../lib/db.ts';
import type { MessageBody } from '../notify/index.ts';
import type { Target } from './config.ts';
import { messageId, NOTICE } from './group/state.ts';

/** A message that is about no alert, such as news of an incident. */
export interface Notice {
  /** The same key twice is one message to each target. */
  key: string;
  /** Notices on one topic reach a target in their order, in one thread where the channel has threads. */
  topic: string;
  targets: readonly Target[];
  severity: Severity;
  /** What it is about has ended. */
  ended: boolean;
  title: string;
  lines: readonly string[];
  /** A page of the console. */
  url: string;
  /** The first message of the thread shows the newest state, where the channel can change it. */
  marksFirst?: boolean;
  /** Why it is sent. */
  reason: string;
}

/**
 * Puts a notice into the outbox, in the transaction of what it tells of; deliveries take it from there as they take
 * alerts. A target that cannot work is written as failed.
 * @param now ms since the epoch
 */
export async function queueNotice(tx: Queryable, notice: Notice, now: number): Promise<void> {
  const { severity, ended, title, lines, url, reason, marksFirst = false } = notice;
  const kind = ended ? 'resolved' : 'update';
  const body: MessageBody = {
    ...{ kind, severity, title, reason, rule: notice.topic, step: 0, alerts: [] },
    notice: { lines, url, ...(marksFirst && { marksFirst }) },
  };
  for (const { channel, target, broken } of notice.targets) {
    const key = `${notice.key}:${channel}/${target}`;
    await tx.query(
      `INSERT INTO alert_messages (id, key, group_key, channel, target, kind, step, status, attempts, body, reason,
         last_error, created_at, due_at, next_attempt_at, maybe_delivered, interruptions)
       VALUES ($1, $2, $3, $4, $5, $6, 0, $7, 0, $8, $9, $10, $11, $11, $11, false, 0) ON CONFLICT (key) DO NOTHING`,
      [
        messageId(key),
        key,
        `${NOTICE}${notice.topic}`,
        channel,
        target,
        kind,
        broken === null ? 'queued' : 'failed',
        body,
        reason,
        broken,
        new Date(now),
      ],
    );
  }
}
