import type { Probe } from '../probe.ts';
import { archiver } from './archiver.ts';
import { bigTables } from './big-tables.ts';
import { bloat } from './bloat.ts';
import { checkpoints } from './checkpoints.ts';
import { connections } from './connections.ts';
import { counters } from './counters.ts';
import { disk } from './disk.ts';
import { duplicateIndexes } from './duplicate-indexes.ts';
import { exposure } from './exposure.ts';
import { foreignKeys } from './foreign-keys.ts';
import { invalidIndexes } from './invalid-indexes.ts';
import { locks } from './locks.ts';
import { policies } from './policies.ts';
import { replication } from './replication.ts';
import { schema } from './schema.ts';
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

/** Probes of what passes or becomes urgent quickly; they read little. */
export const LIVE_PROBES: readonly Probe[] = [
  locks,
  transactions,
  connections,
  replication,
  slots,
  archiver,
  wraparound,
];

/** Every other probe: what it sees changes slowly, and it reads the whole catalogue. */
export const SLOW_PROBES: readonly Probe[] = [
  sequences,
  statements,
  invalidIndexes,
  duplicateIndexes,
  unusedIndexes,
  foreignKeys,
  unverifiedConstraints,
  triggers,
  schema,
  security,
  policies,
  exposure,
  counters,
  checkpoints,
  bigTables,
  disk,
  vacuum,
  bloat,
];

/** Every probe, the urgent ones first. */
export const PROBES: readonly Probe[] = [...LIVE_PROBES, ...SLOW_PROBES];

/** Who may do and see more than anybody meant. */
export const PRIVILEGE_PROBES: readonly Probe[] = [security, policies, exposure];
