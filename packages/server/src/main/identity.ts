import { join } from 'node:path';
import { type Accounts, openAccounts } from '../access/accounts.ts';
import { hideKeys } from '../access/attempts.ts';
import { audit } from '../access/audit.ts';
import { type AuditWitness, createAuditWitness } from '../access/audit-witness.ts';
import { ingestKeyFinder } from '../access/ingest-keys.ts';
import { openInstallationSecret } from '../access/sealed/installation-secrets.ts';
import { newSecret, sameSecret } from '../access/secret.ts';
import { findToken } from '../access/tokens.ts';
import type { Settings } from '../config/settings.ts';
import type { FindIngestKey, Guard } from '../http/access.ts';
import { createGuard } from '../http/guard.ts';
import type { Clock } from '../lib/clock.ts';
import { type Keyring, keysOf } from '../lib/keyring.ts';
import type { Log } from '../lib/log.ts';
import { pseudonymKey } from '../lib/pseudonym.ts';
import { createSeal } from '../lib/seal.ts';
import type { LiveConfig } from './live-config.ts';
import { openKeyring, SEALS } from './secret-key.ts';
import type { Shutdown } from './shutdown.ts';
import type { Stores } from './stores.ts';

/** Everything that says who somebody is. */
export interface Identity {
  accounts: Accounts;
  guard: Guard;
  findIngestKey: FindIngestKey;
  /** An admin token for commands on this machine; it lives as long as this process. */
  localToken: string;
  /** The installation's secret keys, for signatures and seals. */
  keyring: Keyring;
  /** Key of the pseudonyms of accounts; it stays when the secret key changes. */
  accountKey: string;
  /** Signs links that are good for ever; it stays when the secret key changes. */
  linkKey: string;
  auditWitness: AuditWitness;
}

/** Opens accounts, tokens and ingest keys. */
export async function openIdentity(context: {
  settings: Settings;
  stores: Stores;
  publicUrl: string;
  live: LiveConfig;
  clock: Clock;
  log: Log;
  shutdown: Shutdown;
}): Promise<Identity> {
  const { settings, stores, publicUrl, clock, log, shutdown } = context;
  const keyring = await openKeyring(settings.dataDir, settings);
  const accounts = await openAccounts({
    stateUrl: stores.stateUrl,
    publicUrl,
    keyring,
    signIn: context.live.current.signIn,
    noteOwnChange: ({ actor, action }) => audit(stores.db, { at: clock.now(), actor, action, target: actor }),
    attempts: hideKeys(stores.counters.attempts, keyring.current),
    log,
  });
  shutdown.add('accounts', () => accounts.close());
  const localToken = newSecret();
  const guard = createGuard(
    {
      byCookie: (headers) => accounts.find(headers),
      async byToken(given) {
        if (sameSecret(given, localToken))
          return { id: 'local', name: 'local command line', role: 'admin', kind: 'token' };
        return findToken(stores.db, given, settings.adminToken, clock.now());
      },
    },
    new URL(publicUrl).origin,
  );
  const path = join(settings.dataDir, 'audit-head.json');
  return {
    auditWitness: createAuditWitness({ path, db: stores.db, clock, log }),
    accounts,
    guard,
    localToken,
    keyring,
    ...(await openLastingSecrets(keyring, stores, clock, log)),
    findIngestKey: ingestKeyFinder({ db: stores.db, clock, signals: stores.signals }, settings.ingestKey),
  };
}

/** What a new secret key must not change. The first time they come from the oldest key, as they did before they were kept. */
async function openLastingSecrets(keyring: Keyring, { db }: Stores, clock: Clock, log: Log) {
  const store = { db, seal: createSeal(keyring, SEALS.installation), log };
  const oldest = keysOf(keyring).at(-1) as string;
  const now = clock.now();
  return {
    accountKey: await openInstallationSecret(store, { name: 'accounts', initial: pseudonymKey(oldest), now }),
    linkKey: await openInstallationSecret(store, { name: 'links', initial: oldest, now }),
  };
}
