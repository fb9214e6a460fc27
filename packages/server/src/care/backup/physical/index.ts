export { type PhysicalState, readBase, readPhysicalState, recoverable } from './archive-state.ts';
export { backUpPhysically, type PhysicalBackupInput } from './backup-now.ts';
export type { BaseExtra, BaseFiles } from './base-backup.ts';
export { checkBaseFiles, checkLog, checkParents } from './check-log.ts';
export { copyRest } from './copy-wal.ts';
export { type KeeperStatus, WalKeeper } from './keeper.ts';
export { formatLsn, type Lsn, parseLsn } from './lsn.ts';
export { incrementsOf } from './parents.ts';
export { logOfBase, pruneLog } from './prune-log.ts';
export type { RecoveredServer, RecoveryOptions, RecoveryPlace, RecoveryServer } from './recovery-server.ts';
export {
  type PhysicalRestoreInput,
  type RecoveredCluster,
  type RestorePhase,
  recoverCluster,
  restoreToFolder,
} from './restore.ts';
export type {
  BaseBackupOptions,
  BaseBackupPart,
  ReplicationSource,
  ServerFacts,
  SlotState,
  WalMessage,
  WalStream,
} from './source.ts';
export { type SyntheticInput, synthesizeFull } from './synthetic.ts';
export { type Trial, tryPhysical } from './trial.ts';
