import type { Queryable } from '../../../lib/db.ts';
import type { Silence } from '../silence/silence.ts';
import type { Row } from './rows.ts';

export function silenceToRow(silence: Silence): Row {
  return {
    id: silence.id,
    matchers: silence.matchers,
    starts_at: new Date(silence.startsAt),
    ends_at: silence.endsAt === null ? null : new Date(silence.endsAt),
    alert_ids: silence.alertIds,
    author: silence.author,
    reason: silence.reason,
    created_at: new Date(silence.createdAt),
    ended_at: silence.endedAt === null ? null : new Date(silence.endedAt),
    ended_by: silence.endedBy,
  };
}

export function silenceFromRow(row: Row): Silence {
  const ms = (value: unknown) => (value === null ? null : (value as Date).getTime());
  return {
    id: row['id'] as string,
    matchers: row['matchers'] as Silence['matchers'],
    startsAt: (row['starts_at'] as Date).getTime(),
    endsAt: ms(row['ends_at']),
    alertIds: row['alert_ids'] as string[],
    author: row['author'] as string,
    reason: row['reason'] as string,
    createdAt: (row['created_at'] as Date).getTime(),
    endedAt: ms(row['ended_at']),
    endedBy: row['ended_by'] as string | null,
  };
}

/** Those that are not over at `now` (ms); one without an end lasts for as long as something fires that it waits for. */
export async function readSilencesInForce(tx: Queryable, now: number): Promise<Silence[]> {
  const rows = await tx.query(
    `SELECT * FROM alert_silences s WHERE ended_at IS NULL AND (ends_at > $1 OR (ends_at IS NULL AND EXISTS (
       SELECT 1 FROM jsonb_array_elements_text(s.alert_ids) AS w(id) JOIN alerts a ON a.id = w.id
       WHERE a.state = 'firing')))`,
    [new Date(now)],
  );
  return rows.map(silenceFromRow);
}
