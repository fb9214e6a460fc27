import { createHmac, timingSafeEqual } from 'node:crypto';
import { isEmail } from '../../lib/contact.ts';
import type { Db, Queryable } from '../../lib/db.ts';
import { YumOpsError } from '../../lib/errors.ts';
import { randomHex } from '../../lib/random.ts';

/** Somebody who wants to know. */
export interface Subscriber {
  id: string;
  channel: 'email' | 'webhook';
  address: string;
}

/** A person is asked so often to confirm, at most, and not again within an hour. */
const MOST_ASKED = 3;
const ASK_AGAIN_MS = 3_600_000;
/** So many new ones within an hour, from all visitors together. */
const MOST_NEW = 200;
/** Who does not confirm is forgotten. */
const UNCONFIRMED_MS = 7 * 86_400_000;

/**
 * Puts somebody on the list and asks them to confirm. The answer is the same whether or not they are on it, so that
 * nobody can learn who is.
 * @throws YumOpsError `invalid_subscriber` (400), `too_many_subscribers` (429)
 */
export async function subscribe(
  db: Db,
  { channel, address: given }: { channel: Subscriber['channel']; address: string },
  now: number,
): Promise<void> {
  const address = channel === 'email' ? given.trim().toLowerCase() : given.trim();
  if (channel === 'email' ? !isEmail(address) : !isHook(address)) {
    const what = channel === 'email' ? 'an e-mail address' : 'an address that begins with https:// or http://';
    throw new YumOpsError('invalid_subscriber', `This is not ${what}.`, { status: 400 });
  }
  await db.transaction(async (tx) => {
    await tx.query('DELETE FROM status_subscribers WHERE confirmed_at IS NULL AND asked_at < $1', [
      new Date(now - UNCONFIRMED_MS),
    ]);
    const [known] = await tx.query<{ id: string; confirmed_at: Date | null; asked_at: Date; asked: number }>(
      'SELECT id, confirmed_at, asked_at, asked FROM status_subscribers WHERE channel = $1 AND address = $2 FOR UPDATE',
      [channel, address],
    );
    if (known) {
      const again = known.confirmed_at === null && known.asked < MOST_ASKED;
      if (again && now - known.asked_at.getTime() >= ASK_AGAIN_MS) await ask(tx, known.id, now);
      return;
    }
    await refuseFlood(tx, now);
    const id = randomHex(10);
    await tx.query(
      `INSERT INTO status_subscribers (id, channel, address, created_at, asked_at, asked) VALUES ($1, $2, $3, $4, $4, 0)
       ON CONFLICT DO NOTHING`,
      [id, channel, address, new Date(now)],
    );
    await ask(tx, id, now);
  });
}

async function refuseFlood(tx: Queryable, now: number): Promise<void> {
  const [row] = await tx.query<{ count: string }>('SELECT count(*) FROM status_subscribers WHERE created_at > $1', [
    new Date(now - 3_600_000),
  ]);
  if (Number(row?.count) < MOST_NEW) return;
  throw new YumOpsError('too_many_subscribers', 'Too many people subscribe at the moment.', {
    hint: 'Try again in an hour, or use a feed.',
    status: 429,
    retryAfter: 3_600,
  });
}

async function ask(tx: Queryable, id: string, now: number): Promise<void> {
  await tx.query('UPDATE status_subscribers SET asked = asked + 1, asked_at = $2 WHERE id = $1', [id, new Date(now)]);
  await tx.query(
    `INSERT INTO status_messages (id, subscriber_id, update_id, status, attempts, created_at, next_attempt_at)
     SELECT $1, s.id, NULL, 'queued', 0, $3, $3 FROM status_subscribers s WHERE s.id = $2`,
    [randomHex(10), id, new Date(now)],
  );
}

function isHook(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) && text.length <= 2_000;
}

/** @returns false when there is no such subscriber any more */
export async function confirm(db: Queryable, id: string, now: number): Promise<boolean> {
  const rows = await db.query(
    'UPDATE status_subscribers SET confirmed_at = coalesce(confirmed_at, $2) WHERE id = $1 RETURNING id',
    [id, new Date(now)],
  );
  return rows.length > 0;
}

/** Forgets somebody with everything about them. */
export async function unsubscribe(db: Queryable, id: string): Promise<void> {
  await db.query('DELETE FROM status_subscribers WHERE id = $1', [id]);
}

/** What a link in a message is for. */
export type LinkPurpose = 'confirm' | 'unsubscribe';

/** Makes and reads the last part of links, which nobody else can make. */
export interface SubscriberLinks {
  token(id: string, purpose: LinkPurpose): string;
  /** Id of the subscriber; undefined when the token is not ours. */
  read(token: string, purpose: LinkPurpose): string | undefined;
}

export function subscriberLinks(secret: string): SubscriberLinks {
  const sign = (id: string, purpose: LinkPurpose) =>
    createHmac('sha256', secret).update(`status:${purpose}:${id}`).digest('base64url').slice(0, 32);
  return {
    token: (id, purpose) => `${id}.${sign(id, purpose)}`,
    read(token, purpose) {
      const [id = '', signature = ''] = token.split('.');
      const expected = Buffer.from(sign(id, purpose));
      const given = Buffer.from(signature);
      return given.length === expected.length && timingSafeEqual(given, expected) ? id : undefined;
    },
  };
}
