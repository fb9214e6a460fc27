import { YumOpsError } from '../../lib/errors.ts';
import { readContacts } from './contacts.ts';
import { ownPerson } from './owner.ts';
import type { ChangeDeps, CodeReport, ContactChange, SendTest } from './ports.ts';
import { type ContactChannel, methodsOf, UNCONFIRMED } from './resolve.ts';

/** An address of a person. */
export interface Reached {
  person: string;
  channel: ContactChannel;
  address: string;
}

/**
 * Sends a test message to an address of a person, the way an alert would go.
 * @throws YumOpsError `unknown_person`, `not_yours`, `unknown_method` (404), `cannot_be_told` (409)
 */
export async function testMethod(
  { db, audit, config, sendTest }: ChangeDeps & { sendTest: SendTest },
  { person: name, channel, address }: Reached,
  { actor, now, ...rights }: ContactChange,
): Promise<CodeReport> {
  const person = ownPerson(config, name, { actor, now, ...rights });
  const known = methodsOf(person, await readContacts(db));
  const method = known.find((one) => one.channel === channel && one.address === address);
  if (!method) {
    throw new YumOpsError('unknown_method', `${name} has no such address.`, {
      status: 404,
      hint: 'Add the address first.',
    });
  }
  const problem = method.broken ?? (method.confirmed ? null : UNCONFIRMED);
  if (problem !== null) {
    throw new YumOpsError('cannot_be_told', `Nothing is sent to ${address}: ${problem}.`, {
      status: 409,
      hint: 'Confirm it with a code first.',
    });
  }
  await audit(db, { at: now, actor, action: 'contact.test', target: name, detail: { channel } });
  return sendTest({ channel, target: address }, actor);
}
