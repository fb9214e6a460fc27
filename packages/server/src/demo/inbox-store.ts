import type { InboxMessage } from '@yumops/protocol';
import type { Db } from '../lib/db.ts';
import { uuidv7 } from '../lib/random.ts';

/** Messages that are kept. */
export const INBOX_SIZE = 500;

const TEXT_MAX = 20_000;

/** Stores a message and drops what is beyond the newest {@link INBOX_SIZE}. @param now ms since the epoch */
export async function storeInboxMessage(
  db: Db,
  message: Omit<InboxMessage, 'id' | 'receivedAt'>,
  now: number,
): Promise<void> {
  await db.query(
    'INSERT INTO demo_inbox (id, received_at, channel, recipient, title, text) VALUES ($1, $2, $3, $4, $5, $6)',
    [
      uuidv7(now),
      new Date(now),
      message.channel,
      storable(message.to),
      storable(message.title),
      storable(message.text).slice(0, TEXT_MAX),
    ],
  );
  await db.query(
    'DELETE FROM demo_inbox WHERE id IN (SELECT id FROM demo_inbox ORDER BY received_at DESC, id DESC OFFSET $1)',
    [INBOX_SIZE],
  );
}

/** The newest messages first. */
export async function readDemoInbox(db: Db, limit: number): Promise<InboxMessage[]> {
  const rows = await db.query<Omit<InboxMessage, 'receivedAt' | 'to'> & { received_at: Date; recipient: string }>(
    'SELECT * FROM demo_inbox ORDER BY received_at DESC, id DESC LIMIT $1',
    [limit],
  );
  return rows.map(({ id, received_at, channel, recipient, title, text }) => ({
    ...{ id, channel, title, text },
    receivedAt: received_at.toISOString(),
    to: recipient,
  }));
}

/** Postgres cannot store the character NUL. */
function storable(text: string): string {
  return text.replaceAll('\0', '');
}
