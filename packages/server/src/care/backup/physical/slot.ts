import { createHash } from 'node:crypto';
import type { Clock } from '../../../lib/clock.ts';
import { codeOf, YumOpsError } from '../../../lib/errors.ts';
import type { Repository } from '../repository.ts';
import type { ReplicationSource } from './source.ts';

/**
 * The replication slot of a backup: one for each name and destination, so that two platforms which back the same
 * server up into different stores do not take the log from each other.
 */
export function slotName({ folder, store }: Pick<Repository, 'folder' | 'store'>): string {
  const plain = folder.replace(/[^a-z0-9]+/g, '_').slice(0, 40);
  return `yumops_${plain}_${createHash('sha256').update(`${store.address}\n${folder}`).digest('hex').slice(0, 8)}`;
}

/** Makes sure that the server keeps its log for us. @returns false when the slot had to be made anew */
export async function ensureSlot(source: ReplicationSource, slot: string): Promise<boolean> {
  const state = await source.slot(slot);
  if (state && state.restart !== null && state.status !== 'lost') return true;
  if (state) await source.dropSlot(slot);
  try {
    await source.createSlot(slot);
  } catch (error) {
    // Another process was faster.
    if (!(await source.slot(slot))) throw error;
  }
  return false;
}

/** Gives the slot up. It may be in use for a moment after its connection was closed. */
export async function giveUpSlot(source: ReplicationSource, slot: string, clock: Clock): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await source.dropSlot(slot);
      return;
    } catch (error) {
      if (attempt === 20 || codeOf(error) !== 'slot_busy') throw error;
      await clock.sleep(250);
    }
  }
}

/** A wait for archived log that took too long. */
export function walMissing(message: string): YumOpsError {
  return new YumOpsError('wal_not_stored', message, {
    hint: 'See the state of the receiver with `yumops backup list`, and the log of the platform that holds the slot.',
  });
}
