import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../lib/clock.ts';
import { messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { hasEnded } from '../lib/process-owner.ts';
import { randomHex } from '../lib/random.ts';
import { placedElsewhere, removePlaced } from './placement.ts';
import { stopLeftServer } from './postgres/postmaster.ts';
import { recordScratch, scratchRecords } from './scratch-record.ts';

/** A folder of this process until `remove`. */
export interface Scratch {
  readonly path: string;
  remove(): Promise<void>;
}

/** Makes a folder for a time, private to this user, in the system's place for what passes. @param prefix of its name */
export async function makeScratch(prefix: string): Promise<Scratch> {
  const path = join(tmpdir(), `${prefix}${randomHex(6)}`);
  const record = await recordScratch(path);
  await mkdir(path, { mode: 0o700 });
  return {
    path,
    async remove() {
      await removePlaced(path);
      await record.forget();
    },
  };
}

/**
 * Removes what processes of this user left on this machine when they were killed: folders, and the servers in them. What
 * belongs to a process that lives, or may live, stays.
 * @returns the folders that were removed
 */
export async function sweepScratch({ clock, log }: { clock: Clock; log: Log }): Promise<string[]> {
  const removed: string[] = [];
  for (const [file, { owner, path }] of await scratchRecords()) {
    if (!hasEnded(owner, 'here')) continue;
    try {
      const places = [path, join(path, 'data'), await placedElsewhere(path)];
      for (const place of places) if (place !== undefined) await stopLeftServer(place, clock, log);
      await removePlaced(path);
      await rm(file, { force: true });
      removed.push(path);
    } catch (error) {
      // The next run tries again.
      log.warn('What a killed process left could not be removed', { path, pid: owner.pid, problem: messageOf(error) });
    }
  }
  return removed;
}
