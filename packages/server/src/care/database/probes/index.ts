import type { Probe } from '../probe.ts';
import { bloat } from './bloat.ts';
import { connections } from './connections.ts';
import { duplicateIndexes } from './duplicate-indexes.ts';
import { foreignKeys } from './foreign-keys.ts';
import { invalidIndexes } from './invalid-indexes.ts';
import { locks } from './locks.ts';
import { sequences } from './sequences.ts';
import { slots } from './slots.ts';
import { transactions } from './transactions.ts';
import { unusedIndexes } from './unused-indexes.ts';
import { unverifiedConstraints } from './unverified-constraints.ts';

/** Every probe, the urgent ones first: what they see passes quickly. */
export const PROBES: readonly Probe[] = [
  locks,
  transactions,
  connections,
  slots,
  sequences,
  invalidIndexes,
  duplicateIndexes,
  unusedIndexes,
  foreignKeys,
  unverifiedConstraints,
  bloat,
];
