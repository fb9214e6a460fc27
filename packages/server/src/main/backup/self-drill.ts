import { join } from 'node:path';
import { type DrillRecord, drillOf, SELF, type VerificationFinding } from '../../care/backup/index.ts';
import { loadConfig, refuses } from '../../config/index.ts';
import { readSettings } from '../../config/settings.ts';
import { makeScratch } from '../../engines/index.ts';
import type { Clock } from '../../lib/clock.ts';
import { codeOf, messageOf, YumOpsError } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import type { Hooks } from './backups.ts';
import { readKit } from './kit.ts';
import { type RestoredSelf, restoreSelf } from './restore-self.ts';

/** What the drill knows: nothing but the kit and where the store is. */
export interface SelfDrillInput {
  /** Text of the recovery kit. */
  kit: string;
  /** URL of the store with the backup of YumOps. */
  from: string;
}

/**
 * Brings YumOps back as on an empty machine, in a folder that is gone afterwards: no environment, no key file, no
 * configuration but what the kit and the store give.
 * @throws YumOpsError `kit_damaged`, and what has nothing to do with the backup, such as a store that is away
 */
export async function drillSelf(
  { kit, from }: SelfDrillInput,
  { clock, log }: { clock: Clock; log: Log },
  hooks: Hooks,
): Promise<DrillRecord> {
  const at = new Date(clock.now()).toISOString();
  const { secretKey } = readKit(kit);
  const scratch = await makeScratch('yumops-drill-');
  const folder = scratch.path;
  const site = join(folder, 'site');
  try {
    const settings = readSettings({ config: site, data: join(folder, 'data') }, {});
    const input = { settings, from, kit, folder: site, at: undefined, withBlobs: false };
    const restored = await restoreSelf(input, { clock, log }, hooks);
    const findings = findingsOf(restored, site, secretKey);
    return drillOf({ name: SELF, backup: restored.backup, at, findings }, restored.phases, restored.moment);
  } catch (error) {
    // What the store holds cannot be brought back: that is what a drill is to find out.
    if (!LOST.has(codeOf(error) ?? '')) throw error;
    const findings = [{ code: codeOf(error) ?? '', object: SELF, message: messageOf(error) }];
    return drillOf({ name: SELF, backup: '', at, findings }, {}, at);
  } finally {
    await scratch.remove();
  }
}

const LOST = new Set([
  'backup_damaged',
  'backup_key_wrong',
  'backup_parent_missing',
  'nothing_to_restore',
  'postgres_start_failed',
  'self_backup_missing',
]);

/** What is missing from what came back. */
function findingsOf(restored: RestoredSelf, site: string, secretKey: string | undefined): VerificationFinding[] {
  const findings: VerificationFinding[] = [];
  const find = (code: string, object: string, message: string) => findings.push({ code, object, message });
  if (restored.secretKey !== null && secretKey !== undefined && restored.secretKey !== secretKey) {
    find('secret_key_differs', 'kit', 'The kit carries another secret key than the one in use. Print a new kit.');
  }
  if (!Object.values(restored.rows).some((count) => count > 0)) {
    find('state_empty', 'state', 'The restored state has no rows.');
  }
  if (restored.files.written.length === 0) return findings;
  try {
    const refused = loadConfig({ path: site, env: {} }).findings.filter(refuses);
    for (const { message } of refused) find('configuration_refused', site, message);
  } catch (error) {
    if (!(error instanceof YumOpsError)) throw error;
    find('configuration_refused', site, error.message);
  }
  return findings;
}
