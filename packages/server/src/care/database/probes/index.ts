import type { Probe } from '../probe.ts';
import { activitySinceReset } from './activity-since-reset.ts';
import { archiver } from './archiver.ts';
import { bigTables } from './big-tables.ts';
import { bloat } from './bloat.ts';
import { checkpoints } from './checkpoints.ts';
import { connections } from './connections.ts';
import { duplicateIndexes } from './duplicate-indexes.ts';
import { foreignKeys } from './foreign-keys.ts';
import { invalidIndexes } from './invalid-indexes.ts';
import { locks } from './locks.ts';
import { replication } from './replication.ts';
import { security } from './security.ts';
import { sequences } from './sequences.ts';
import { slots } from './slots.ts';
import { statements } from './statements.ts';
import { transactions } from './transactions.ts';
import { triggers } from './triggers.ts';
import { unusedIndexes } from './unused-indexes.ts';
import { unverifiedConstraints } from './unverified-constraints.ts';
import { vacuum } from './vacuum.ts';
import { wraparound } from './wraparound.ts';

/** Every probe, the urgent ones first: what they see passes quickly. */
export const PROBES: readonly Probe[] = [
  locks,
  transactions,
  connections,
  replication,
  slots,
  archiver,
  wraparound,
  sequences,
  statements,
  invalidIndexes,
  duplicateIndexes,
  unusedIndexes,
  foreignKeys,
  unverifiedConstraints,
  triggers,
  security,
  activitySinceReset,
  checkpoints,
  bigTables,
  vacuum,
  bloat,
];
