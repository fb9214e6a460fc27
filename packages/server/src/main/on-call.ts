import { audit } from '../access/audit.ts';
import { hashSecret, newSecret } from '../access/secret.ts';
import { createOnCall, type OnCall } from '../respond/oncall/index.ts';
import type { LiveConfig } from './live-config.ts';
import type { Stores } from './stores.ts';

/** Makes the desk where on-call questions are answered; it follows the configuration. */
export function makeOnCall({ live, stores }: { live: LiveConfig; stores: Stores }): OnCall {
  return createOnCall({
    db: stores.db,
    config: () => live.current,
    audit,
    secrets: { create: newSecret, hash: hashSecret },
  });
}
