import { type SealedPart, sealedRows } from '../access/sealed/parts.ts';
import { createSeal } from '../lib/seal.ts';
import type { Identity } from './identity.ts';
import { SEALS } from './secret-key.ts';
import type { SealedFiles } from './shared-files.ts';
import type { Stores } from './stores.ts';

/** Everything that stands sealed under the installation's secret key. */
export function sealedParts(parts: { stores: Stores; identity: Identity; shared: SealedFiles }): SealedPart[] {
  const { stores, identity, shared } = parts;
  const { keyring, accounts } = identity;
  const row = { id: 'id', column: 'definition' };
  const secret = { id: 'name', column: 'secret' };
  return [
    sealedRows(stores.db, createSeal(keyring, SEALS.installation), {
      ...{ name: 'secrets of the installation', table: 'installation_secrets', ...secret },
    }),
    sealedRows(stores.db, createSeal(keyring, SEALS.monitors), {
      ...{ name: 'monitors', table: 'stored_monitors', ...row },
    }),
    accounts.sealed,
    shared.sealed,
  ];
}
