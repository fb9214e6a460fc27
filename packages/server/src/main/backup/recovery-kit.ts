import { type BackupConfig, checkProof, confirmKit, type KitConfirmation } from '../../care/backup/index.ts';
import type { Config } from '../../config/index.ts';
import type { Settings } from '../../config/settings.ts';
import { absoluteBlobUrl } from '../../store/blob/index.ts';
import { readKeyring } from '../secret-key.ts';
import type { Backups } from './backups.ts';
import { keysOf } from './keys.ts';
import { readKit, writeKit } from './kit.ts';

/** The recovery kit of a backup, as text to be kept away from this machine. */
export async function kitOf(
  config: BackupConfig,
  settings: Settings,
  { stores, root }: Pick<Config, 'stores' | 'root'>,
): Promise<string> {
  const keyring = await readKeyring(settings.dataDir, settings);
  const lines = keysOf(config).all.map((key) => key.toLine());
  // On another machine nothing is relative to this configuration.
  const absolute = (url: string) => absoluteBlobUrl(url, root);
  const second = config.copyTo?.url.broken === null ? absolute(config.copyTo.url.secret.reveal()) : undefined;
  return writeKit(lines.join('\n'), { from: absolute(settings.blobUrl ?? stores.blobs), second, keyring });
}

/** What reading a kit showed. */
export interface KitReport {
  /** Backups whose present key is in it; they are confirmed now. */
  confirmed: string[];
  /** Backups whose present key is not in it. */
  lacking: { name: string; keyId: string }[];
}

interface Holder {
  at: number;
  by: string;
  how: KitConfirmation['how'];
}

/** Confirms every backup whose key is in a kit. @param text of the kit. @throws YumOpsError `kit_damaged` */
export async function confirmKitText(backups: Backups, text: string, holder: Holder): Promise<KitReport> {
  const held = new Set(readKit(text).keys.all.map(({ id }) => id));
  const report: KitReport = { confirmed: [], lacking: [] };
  for (const config of backups.configs) {
    const repository = await backups.repository(config);
    const { name } = config;
    if (held.has(repository.keyId)) {
      await confirmKit(repository, holder);
      report.confirmed.push(name);
    } else report.lacking.push({ name, keyId: repository.keyId });
  }
  return report;
}

/** Confirms a backup, and those with the same key, by what somebody typed from their kit. @throws YumOpsError `kit_wrong` */
export async function confirmKitProof(
  backups: Backups,
  config: BackupConfig,
  typed: string,
  holder: Omit<Holder, 'how'>,
): Promise<KitReport> {
  const { current } = keysOf(config);
  checkProof(current, typed);
  return confirmKitText(backups, current.toLine(), { ...holder, how: 'code' });
}
