export {
  type CatalogueEntry,
  readCatalogue,
  type VerificationFinding,
  type VerificationLevel,
  type VerificationRecord,
  verificationPath,
} from './catalogue.ts';
export type { BackupConfig, BackupRetention } from './config.ts';
export { BackupKey, BackupKeys, readBackupKeys } from './key.ts';
export {
  type BackupManifest,
  type BackupSource,
  type BackupTier,
  type BackupWal,
  type ManifestObject,
  manifestPath,
  newBackupId,
  readManifest,
  writeManifest,
} from './manifest.ts';
export { folderOf, Repository, type StoredObject } from './repository.ts';
export { recordRun } from './run.ts';
