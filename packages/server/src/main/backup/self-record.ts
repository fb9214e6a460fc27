/** Parts that a backup of YumOps itself has beside those of a base backup. */
export const CONFIGURATION = 'configuration';
export const INSTALLATION = 'installation';

/** What an installation is besides its state and configuration. */
export interface InstallationRecord {
  version: string;
  /** The key that signs sessions and opens stored secrets. */
  secretKey: string;
  /** Keys before it, which may still open something; missing in records of earlier versions. */
  previousSecretKeys?: readonly string[];
  /** Where backups and other blobs are, as configured. */
  blobs: string;
  /** Paths of key files as the configuration names them, and the different contents of all of them. */
  keyFiles: { paths: string[]; keys: string[] };
}
