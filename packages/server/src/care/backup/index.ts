export {
  type CatalogueEntry,
  type Recoverable,
  readCatalogue,
  readVerifications,
  recoverableOf,
  refuseWrongKey,
  regularOf,
  type VerificationFinding,
  type VerificationLevel,
  type VerificationRecord,
  verificationPath,
} from './catalogue.ts';
export {
  type BackupConfig,
  type BackupRetention,
  type CopyDestination,
  FIRST,
  type FileColumn,
  type SelfBackupConfig,
} from './config.ts';
export { type CopyState, copyProblems, copyStateOf, unreadableCopy } from './copies.ts';
export type {
  BackupConnection,
  BackupDatabase,
  ClientPrograms,
  PostgresClient,
  ProgressReport,
  RestoreOptions,
} from './database.ts';
export { backUpFiles } from './files/backup-files.ts';
export { chunkPath, storedChunks } from './files/chunk-store.ts';
export type { FileEntry, FileSource } from './files/file-source.ts';
export { ReferencedFiles } from './files/referenced-files.ts';
export { type BackupOutcome, type BackupWork, backupJobs, type CopyOutcome, jobNames } from './jobs.ts';
export { BackupKey, BackupKeys, readBackupKeys } from './key.ts';
export {
  checkProof,
  confirmKit,
  type KitConfirmation,
  kitProblem,
  readKitConfirmation,
} from './kit-confirmation.ts';
export { backUpLogically, type ConfigurationRecord, type LogicalSource } from './logical/backup.ts';
export type { Parallelism } from './logical/split.ts';
export {
  type BackupManifest,
  type BackupSource,
  type BackupTier,
  type BackupWal,
  type ManifestObject,
  manifestPath,
  newBackupId,
  type ResumedRuns,
  readManifest,
  writeManifest,
} from './manifest.ts';
export { type BackupProblem, type BackupProblemCode, backupProblems } from './problems.ts';
export { folderOf, Repository, SELF, type StoredObject } from './repository.ts';
export { type RestoreReport, restoreDatabase } from './restore/restore-database.ts';
export { readFileList, restoreFiles } from './restore/restore-files.ts';
export type { PartReport } from './restore/restore-part.ts';
export { restoreSchema } from './restore/restore-schema.ts';
export { restoreTable } from './restore/restore-table.ts';
export { planRetention, type RetentionPlan } from './retention/plan.ts';
export { chunksOf, type PruneReport, prune } from './retention/prune.ts';
export { recordRun } from './run.ts';
export { type Reading, whileArriving, whilePruning, whileReading } from './use.ts';
export { type DrillRecord, drillOf, readDrills, writeDrill } from './verify/drill.ts';
export { dropDatabase, type ScratchServer, type ScratchServers } from './verify/restored.ts';
export { type TierChecks, verifyBackup } from './verify/verify.ts';
