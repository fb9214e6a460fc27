import type { SecretRotation, SecretsReport } from '@yumops/protocol';
import type { Db } from '../../lib/db.ts';
import { YumOpsError } from '../../lib/errors.ts';
import { type Keyring, keyNumber } from '../../lib/keyring.ts';
import { audit } from '../audit.ts';
import { countSealed, type SealedPart } from './parts.ts';

/** Under which keys the sealed things stand. */
export async function reportSecrets(ring: Keyring, parts: readonly SealedPart[]): Promise<SecretsReport> {
  const counts = [];
  for (const part of parts) counts.push(await countSealed(part));
  return { key: keyNumber(ring.current).toString(16), previousKeys: ring.previous.length, parts: counts };
}

/**
 * Brings all that stands under a previous key under the current one, thing by thing: whatever ends it, each can be read,
 * and the next call goes on. What no key opens is counted and left.
 * @throws YumOpsError `nothing_to_rotate` (409) without a previous key
 */
export async function rotateSecrets(
  { db, ring, parts }: { db: Db; ring: Keyring; parts: readonly SealedPart[] },
  by: { actor: string; now: number },
): Promise<SecretRotation> {
  if (ring.previous.length === 0) {
    throw new YumOpsError('nothing_to_rotate', 'There is only one secret key.', {
      hint: '`yumops secrets new-key` makes a new one; see the guide.',
      status: 409,
    });
  }
  const rotated: SecretRotation['parts'] = [];
  for (const part of parts) {
    const count = { name: part.name, rotated: 0, unreadable: 0 };
    for await (const thing of part.things()) {
      if (thing.standing === 'unreadable') count.unreadable += 1;
      else if (thing.standing === 'previous' && (await thing.reseal())) count.rotated += 1;
    }
    rotated.push(count);
  }
  const detail = Object.fromEntries(rotated.map(({ name, ...counts }) => [name, counts]));
  const target = `key ${keyNumber(ring.current).toString(16)}`;
  await audit(db, { at: by.now, actor: by.actor, action: 'secrets.rotate', target, detail });
  return { parts: rotated };
}
