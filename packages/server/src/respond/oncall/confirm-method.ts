import type { Db, Queryable } from '../../lib/db.ts';
import { YumOpsError } from '../../lib/errors.ts';
import { random } from '../../lib/random.ts';
import { METHOD_COLUMNS, methodFromRow, type StoredMethod } from './contacts.ts';
import { ownPerson } from './owner.ts';
import type { ChangeDeps, CodeReport, ContactChange, Secrets, SendCode } from './ports.ts';

const CODE_LASTS_MS = 600_000;
const TRIES = 5;
const CODES_A_MINUTE = { count: 1, perMs: 60_000 };
const CODES_AN_HOUR = { count: 5, perMs: 3_600_000 };

type MethodRow = Parameters<typeof methodFromRow>[0] & {
  code_hash: Buffer | null;
  code_sent_at: Date | null;
  code_tries: number;
  codes_sent: Date[];
};

const COLUMNS = `${METHOD_COLUMNS}, code_hash, code_sent_at, code_tries, codes_sent`;

/**
 * Sends a new code to an address; an earlier one is good no more.
 * @throws YumOpsError `unknown_method` (404), `not_yours`, `too_soon` (429)
 */
export async function sendMethodCode(
  deps: ChangeDeps & { secrets: Secrets; sendCode: SendCode },
  id: string,
  change: ContactChange,
): Promise<CodeReport> {
  const { audit, secrets, sendCode } = deps;
  const { actor, now } = change;
  const code = String(Math.floor(random() * 1_000_000)).padStart(6, '0');
  const method = await inMethod(deps, id, change, async (tx, row) => {
    const sent = row.codes_sent.map((at) => at.getTime());
    for (const { count, perMs } of [CODES_A_MINUTE, CODES_AN_HOUR]) {
      const oldest = sent[count - 1];
      if (oldest === undefined || oldest + perMs <= now) continue;
      const wait = Math.ceil((oldest + perMs - now) / 1_000);
      throw new YumOpsError('too_soon', `A code went there lately; the next one can go in ${wait} s.`, {
        status: 429,
        retryAfter: wait,
        hint: 'Use the code that has arrived, or wait.',
      });
    }
    await tx.query(
      'UPDATE contact_methods SET code_hash = $2, code_sent_at = $3, code_tries = 0, codes_sent = $4 WHERE id = $1',
      [
        id,
        hashOf(secrets, id, code),
        new Date(now),
        [now, ...sent].slice(0, CODES_AN_HOUR.count).map((at) => new Date(at)),
      ],
    );
    const detail = { person: row.person, channel: row.channel };
    await audit(tx, { at: now, actor, action: 'contact.code', target: id, detail });
    return methodFromRow(row);
  });
  return sendCode({ channel: method.channel, target: method.address }, code);
}

/**
 * Takes the code that the owner of an address sends back. A number is confirmed for messages and for calls.
 * @throws YumOpsError `unknown_method` (404), `not_yours`, `no_code` (409), `wrong_code` (400)
 */
export async function confirmMethod(
  deps: ChangeDeps & { secrets: Secrets },
  id: string,
  code: string,
  change: ContactChange,
): Promise<StoredMethod> {
  const { audit, secrets } = deps;
  const { actor, now } = change;
  // A wrong try is counted, so the transaction ends well and the error is thrown after it.
  const answer = await inMethod(deps, id, change, async (tx, row): Promise<StoredMethod | number> => {
    const { code_hash: hash, code_sent_at: sentAt, code_tries: tries } = row;
    if (!hash || !sentAt || sentAt.getTime() + CODE_LASTS_MS <= now || tries >= TRIES) {
      throw new YumOpsError('no_code', 'There is no code that could be entered.', {
        status: 409,
        hint: 'Send a new one: a code lasts for 10 minutes and 5 tries.',
      });
    }
    if (!hashOf(secrets, id, code.replaceAll(/\s/g, '')).equals(hash)) {
      await tx.query('UPDATE contact_methods SET code_tries = code_tries + 1 WHERE id = $1', [id]);
      return TRIES - tries - 1;
    }
    const [confirmed] = await tx.query<MethodRow>(
      `UPDATE contact_methods SET confirmed_at = $2, code_hash = NULL WHERE id = $1 RETURNING ${COLUMNS}`,
      [id, new Date(now)],
    );
    const detail = { person: row.person, channel: row.channel };
    await audit(tx, { at: now, actor, action: 'contact.confirm', target: id, detail });
    return methodFromRow(confirmed as MethodRow);
  });
  if (typeof answer !== 'number') return answer;
  throw new YumOpsError('wrong_code', `That is not the code; ${answer} tries are left.`, {
    status: 400,
    hint: answer > 0 ? 'Enter the six digits that arrived last.' : 'Send a new code.',
  });
}

/**
 * Removes an address that a person has added, or the confirmation of one of the configuration.
 * @throws YumOpsError `unknown_method` (404), `not_yours`
 */
export async function removeMethod(deps: ChangeDeps, id: string, change: ContactChange): Promise<void> {
  const { actor, now } = change;
  await inMethod(deps, id, change, async (tx, { person, channel }) => {
    await tx.query('DELETE FROM contact_methods WHERE id = $1', [id]);
    await deps.audit(tx, { at: now, actor, action: 'contact.remove', target: id, detail: { person, channel } });
  });
}

/** Runs `work` with the locked row of a method that the actor may change. */
function inMethod<T>(
  { db, config }: { db: Db; config: ChangeDeps['config'] },
  id: string,
  change: ContactChange,
  work: (tx: Queryable, row: MethodRow) => Promise<T>,
): Promise<T> {
  return db.transaction(async (tx) => {
    const [row] = await tx.query<MethodRow>(`SELECT ${COLUMNS} FROM contact_methods WHERE id = $1 FOR UPDATE`, [id]);
    if (!row) throw new YumOpsError('unknown_method', `There is no contact method ${id}.`, { status: 404 });
    const isLeft = !config.people.some(({ name }) => name === row.person);
    if (!(isLeft && change.mayChangeOthers)) ownPerson(config, row.person, change);
    return work(tx, row);
  });
}

function hashOf(secrets: Secrets, id: string, code: string): Buffer {
  return secrets.hash(`${id}:${code}`);
}
