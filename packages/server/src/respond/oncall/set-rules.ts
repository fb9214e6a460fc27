import { YumOpsError } from '../../lib/errors.ts';
import { ownPerson } from './owner.ts';
import { type PersonalRule, type PersonalRules, URGENCIES } from './personal-rules.ts';
import type { ChangeDeps, ContactChange } from './ports.ts';

/** So many rules one urgency may have. */
const MOST = 20;
const LATEST_MS = 86_400_000;

/**
 * Sets how a person wants to be told. An urgency that is left out has the default again.
 * @throws YumOpsError `unknown_person`, `not_yours`, `in_configuration` (409), `invalid_rules` (400)
 */
export async function setRules(
  { db, audit, config }: ChangeDeps,
  name: string,
  wanted: { high?: readonly PersonalRule[] | undefined; low?: readonly PersonalRule[] | undefined },
  change: ContactChange,
): Promise<void> {
  const person = ownPerson(config, name, change);
  const rules: Partial<Record<keyof PersonalRules, readonly PersonalRule[]>> = {};
  for (const urgency of URGENCIES) {
    const own = wanted[urgency];
    if (own === undefined) continue;
    if (person.rules?.[urgency]) {
      throw new YumOpsError('in_configuration', `The rules of ${name} for ${urgency} stand in the configuration.`, {
        status: 409,
        hint: `Remove rules.${urgency} of ${name} from its file first.`,
      });
    }
    rules[urgency] = checked(own, urgency);
  }
  const { actor, now } = change;
  await db.transaction(async (tx) => {
    await tx.query(
      `INSERT INTO contact_rules (person, rules, changed_by, changed_at) VALUES ($1, $2, $3, $4)
       ON CONFLICT (person) DO UPDATE SET rules = $2, changed_by = $3, changed_at = $4`,
      [name, rules, actor, new Date(now)],
    );
    await audit(tx, { at: now, actor, action: 'contact.rules', target: name, detail: rules });
  });
}

function checked(rules: readonly PersonalRule[], urgency: string): PersonalRule[] {
  const problem =
    rules.length === 0
      ? `Without a rule for ${urgency} nobody would be told`
      : rules.length > MOST
        ? `There are more than ${MOST} rules for ${urgency}`
        : rules.some(({ afterMs }) => afterMs > LATEST_MS)
          ? 'A rule comes more than 24 hours after its step'
          : null;
  if (problem !== null) {
    throw new YumOpsError('invalid_rules', `${problem}.`, { status: 400, hint: 'Leave it out for the default.' });
  }
  return rules.toSorted((a, b) => a.afterMs - b.afterMs);
}
