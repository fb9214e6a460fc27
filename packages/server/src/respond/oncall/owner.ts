import { YumOpsError } from '../../lib/errors.ts';
import { didYouMean } from '../../lib/nearest.ts';
import type { ContactChange, OnCallConfig } from './ports.ts';
import type { Person } from './schedule.ts';

/** Whether the account of this e-mail address is that of the person. */
export function isAccountOf(person: Person, actor: string): boolean {
  return person.email !== null && person.email.address.toLowerCase() === actor.toLowerCase();
}

/**
 * The person whose contacts are changed, by somebody who may.
 * @throws YumOpsError `unknown_person` (404), `not_yours` (403)
 */
export function ownPerson({ people }: OnCallConfig, name: string, change: ContactChange): Person {
  const person = people.find((one) => one.name === name);
  if (!person) {
    const names = people.map((one) => one.name);
    throw new YumOpsError('unknown_person', `There is no person "${name}" under people: in the configuration.`, {
      status: 404,
      hint: didYouMean(name, names) ?? 'Add the person under people: in the configuration.',
    });
  }
  if (change.mayChangeOthers || isAccountOf(person, change.actor)) return person;
  throw new YumOpsError('not_yours', `How ${name} is reached is for ${name} or an administrator to say.`, {
    status: 403,
    hint: `An account with the e-mail address of ${name} in the configuration is theirs.`,
  });
}
