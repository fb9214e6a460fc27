import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';

import { fileURLToPath } from 'node:url';
import { readCatalogue } from '../../src/care/backup/index.ts';
import { readPhysicalState, recoverable } from '../../src/care/backup/physical/archive-state.ts';
import { backUpPhysically } from '../../src/care/backup/physical/backup-now.ts';
import { linksOf } from '../../src/care/backup/physical/parents.ts';
import { isInPieces, unpackLinks } from '../../src/care/backup/physical/unpack.ts';
import { sweepScratch } from '../../src/engines/index.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { hashTables, inRecovered, log, type Rig, startRig } from './physical-rig.ts';

export interface KillReport {
  kills: number;
  /** Backups that the store calls good. */
  good: number;
  /** Those of them that hold pieces of pages. */
  inPieces: number;
  /** Full ones that were put together of increments. */
  synthetic: number;
  /** Backups that hold what runs had stored that were killed. */
  resumed: number;
  /** Runs that were interrupted. */
  interrupted: number;
  /** Good backups that cannot be read, or lack their log. */
  broken: string[];
  /** Whether the restored rows are those of the source. */
  same: boolean;
}

/** An age that a full backup does not reach meanwhile, and one that each has reached: then the next is full again. */
const HOUR = 3_600_000;
const AT_ONCE = 1;

function startChild(rig: Rig, { fullEveryMs, together }: { fullEveryMs: number; together: boolean }): ChildProcess {
  return spawn(process.execPath, [fileURLToPath(new URL('physical-child.mjs', import.meta.url))], {
    env: {
      ...process.env,
      URL: rig.engine.url,
      BLOBS: `${rig.folder}/blobs`,
      KEY: rig.keys.current.toLine(),
      FULL_EVERY_MS: String(fullEveryMs),
      ...(together ? { TOGETHER: '1' } : {}),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/**
 * Kills a process that receives log and makes base backups, full ones, increments and full ones put together of those, again and again at random moments, while rows are
 * written; then looks at every backup that is called good, and restores the present.
 */
export async function runPhysicalKills(kills: number, random: () => number): Promise<KillReport> {
  const rig = await startRig(18);
  try {
    await rig.app.query('CREATE TABLE rows_written (n bigint PRIMARY KEY, body text)');
    const begun = Date.now();
    await backUpPhysically({ ...rig.input, fullEveryMs: HOUR });
    // On a slow machine a kill in the first seconds would meet nothing but beginnings.
    const longest = Math.max(1_800, Math.min(6_000, 3 * (Date.now() - begun)));
    for (let kill = 0; kill < kills; kill++) {
      // Increments, full ones, and full ones that are put together, which take twice as long.
      const together = kill % 3 === 2;
      const child = startChild(rig, { fullEveryMs: kill % 3 === 1 ? AT_ONCE : HOUR, together });
      await once(child.stdout as NodeJS.ReadableStream, 'data');
      const end = Date.now() + random() * longest * (together ? 2 : 1);
      for (let n = 0; Date.now() < end; n++) {
        await rig.app.query(
          `INSERT INTO rows_written SELECT $1::bigint * 100000000 + $2::bigint * 100 + g, repeat(md5(g::text), 8) FROM generate_series(1, 20) g`,
          [kill, n],
        );
      }
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    return await judge(rig, kills);
  } finally {
    await sweepScratch({ clock: systemClock, log });
    await rig.stop();
  }
}

async function judge(rig: Rig, kills: number): Promise<KillReport> {
  const keeper = rig.receive();
  await backUpPhysically({ ...rig.input, fullEveryMs: HOUR });
  await rig.app.query('INSERT INTO rows_written VALUES (-1)');
  const expected = await hashTables(rig.app);
  const moment = new Date().toISOString();
  while (((await recoverable(rig.repository, Date.now()))?.latest ?? '') < moment) await systemClock.sleep(200);
  await keeper.stop();
  const broken: string[] = [];
  const state = await readPhysicalState(rig.repository, Date.now());
  for (const { base, end } of state.chains) {
    if (end < base.stop) broken.push(`${base.id} lacks its log`);
  }
  for (const base of state.bases) {
    const target = `${rig.folder}/put-together`;
    const links = linksOf(base, state.bases);
    await unpackLinks(rig.repository, links, target).catch((error: unknown) => broken.push(String(error)));
    await rm(target, { recursive: true, force: true });
  }
  const oldest = await restoredFrom(rig, state.bases[0]?.id);
  const newestInPieces = await restoredFrom(rig, state.bases.findLast(isInPieces)?.id);
  // What was interrupted shows as failed when its process has been silent for a while.
  const catalogue = await readCatalogue(rig.repository, Date.now() + 3_600_000);
  return {
    kills,
    good: catalogue.filter(({ status }) => status === 'good').length,
    inPieces: state.bases.filter(isInPieces).length,
    synthetic: state.bases.filter(({ manifest }) => manifest.synthetic !== undefined).length,
    resumed: state.bases.filter(({ manifest }) => manifest.resumed !== undefined).length,
    interrupted: catalogue.filter(({ status }) => status === 'failed').length,
    broken,
    same: [oldest, newestInPieces].every((found) => JSON.stringify(found) === JSON.stringify(expected)),
  };
}

/** The rows of the present, as they are restored from a base backup and the log. */
function restoredFrom({ repository, folder }: Rig, baseId: string | undefined): Promise<Record<string, string>> {
  return inRecovered({ repository, baseId }, `${folder}/restored`, hashTables);
}
