import { join } from 'node:path';
import { type Accounts, openAccounts } from '../access/accounts.ts';
import { audit } from '../access/audit.ts';
import { type AuditWitness, createAuditWitness } from '../access/audit-witness.ts';
import { ingestKeyFinder } from '../access/ingest-keys.ts';
import { newSecret, sameSecret } from '../access/secret.ts';
import { findToken } from '../access/tokens.ts';
import type { Settings } from '../config/settings.ts';
import type { FindIngestKey, Guard } from '../http/access.ts';
import { createGuard } from '../http/guard.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { LiveConfig } from './live-config.ts';
import { openSecretKey } from './secret-key.ts';
import type { Shutdown } from './shutdown.ts';
import type { Stores } from './stores.ts';

/** Everything that says who somebody is. */
export interface Identity {
  accounts: Accounts;
  guard: Guard;
  findIngestKey: FindIngestKey;
  /** An admin token for commands on this machine; it lives as long as this process. */
  localToken: string;
  /** The installation's secret key, for signatures. */
  secretKey: string;
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
  const secret = await openSecretKey(settings.dataDir, settings.secretKey);
  const accounts = await openAccounts({
    stateUrl: stores.stateUrl,
    publicUrl,
    secret,
    signIn: context.live.current.signIn,
    noteOwnChange: ({ actor, action }) => audit(stores.db, { at: clock.now(), actor, action, target: actor }),
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
    secretKey: secret,
    findIngestKey: ingestKeyFinder(stores.db, clock, settings.ingestKey),
  };
}
