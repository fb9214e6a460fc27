import { isEmail, phoneProblem } from '../../lib/contact.ts';
import type { Queryable } from '../../lib/db.ts';
import { YumOpsError } from '../../lib/errors.ts';
import { METHOD_COLUMNS, methodFromRow, type StoredMethod } from './contacts.ts';
import { ownPerson } from './owner.ts';
import type { ChangeDeps, ContactChange } from './ports.ts';
import type { ContactChannel } from './resolve.ts';

/** So many addresses one person may add. */
const MOST = 20;

export interface NewMethod {
  person: string;
  channel: ContactChannel;
  address: string;
}

/**
 * Adds an address of a person. Nothing is sent to it before its owner has confirmed it. One that is there already is
 * given back as it is.
 * @throws YumOpsError `unknown_person`, `not_yours`, `invalid_address` (400), `too_many` (409)
 */
export async function addMethod(
  { db, audit, config }: ChangeDeps,
  input: NewMethod,
  change: ContactChange,
): Promise<StoredMethod> {
  const person = ownPerson(config, input.person, change);
  const { channel } = input;
  const address = channel === 'email' ? input.address.trim() : input.address.replaceAll(/[\s()-]/g, '');
  const problem = problemOf(channel, address);
  if (problem) throw new YumOpsError('invalid_address', `${problem}.`, { status: 400, hint: HINTS[channel] });
  const { actor, now } = change;
  return db.transaction(async (tx) => {
    const known = await find(tx, person.name, channel, address);
    if (known) return known;
    const [count] = await tx.query<{ n: number }>('SELECT count(*)::int AS n FROM contact_methods WHERE person = $1', [
      person.name,
    ]);
    if ((count?.n ?? 0) >= MOST) {
      throw new YumOpsError('too_many', `${person.name} has ${MOST} addresses already.`, {
        status: 409,
        hint: 'Remove one first.',
      });
    }
    const [row] = await tx.query<Parameters<typeof methodFromRow>[0]>(
      `INSERT INTO contact_methods (person, channel, address, created_by, created_at) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (person, channel, address) DO UPDATE SET address = EXCLUDED.address RETURNING ${METHOD_COLUMNS}`,
      [person.name, channel, address, actor, new Date(now)],
    );
    const method = methodFromRow(row as Parameters<typeof methodFromRow>[0]);
    const detail = { person: person.name, channel };
    await audit(tx, { at: now, actor, action: 'contact.add', target: method.id, detail });
    return method;
  });
}

async function find(
  tx: Queryable,
  person: string,
  channel: string,
  address: string,
): Promise<StoredMethod | undefined> {
  const [row] = await tx.query<Parameters<typeof methodFromRow>[0]>(
    `SELECT ${METHOD_COLUMNS} FROM contact_methods WHERE person = $1 AND channel = $2 AND address = $3`,
    [person, channel, address],
  );
  return row && methodFromRow(row);
}

function problemOf(channel: ContactChannel, address: string): string | undefined {
  if (channel === 'email') return isEmail(address) ? undefined : `"${address}" is not an e-mail address`;
  if (channel === 'ntfy') return address === '' ? 'The topic has no name' : undefined;
  return phoneProblem(address);
}

const HINTS: Readonly<Record<ContactChannel, string>> = {
  email: 'Write for example ops@example.com.',
  sms: 'Write for example +442071838750.',
  phone_call: 'Write for example +442071838750.',
  ntfy: 'Name a topic under integrations.ntfy.',
};
