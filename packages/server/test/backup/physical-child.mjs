/**
 * Receives the log and makes base backups, full ones and increments, with TOGETHER also full ones that are put together of these, without a pause,
 * until it is killed.
 */
import { BackupKeys, Repository, readBackupKeys } from '../../dist/care/backup/index.js';
import { backUpPhysically, synthesizeFull, WalKeeper } from '../../dist/care/backup/physical/index.js';
import { makeScratch } from '../../dist/engines/index.js';
import { systemClock } from '../../dist/lib/clock.js';
import { openBlobStore } from '../../dist/store/blob/index.js';
import { connectReplication } from '../../dist/store/replication/index.js';

const { URL: url, BLOBS: blobs, KEY: key } = process.env;
const log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log };
const keys = readBackupKeys(key);
if (!(keys instanceof BackupKeys)) throw new Error('no key');
const repository = new Repository(await openBlobStore(`file:${blobs}`, '/'), 'nightly', keys);
/** Small, so that runs are cut off between volumes too, and later ones go on there. */
const volumeBytes = 2 ** 20;
const source = connectReplication('main', url, systemClock);
const input = {
  repository,
  source,
  database: 'main',
  clock: systemClock,
  log,
  madeBy: 'test',
  slotLimit: 4e9,
  volumeBytes,
};
const fullEveryMs = Number(process.env.FULL_EVERY_MS);
new WalKeeper({ ...input, needBase: () => undefined }).start();
console.log('begun');
const together = {
  ...{ repository, clock: systemClock, madeBy: 'test', signal: new AbortController().signal, progress() {} },
  makeFolder: () => makeScratch('yumops-test-kills-'),
  volumeBytes,
};
for (;;) {
  const { parent } = await backUpPhysically({ ...input, fullEveryMs });
  console.log('backed up');
  if (parent === null || process.env.TOGETHER === undefined) continue;
  await synthesizeFull(together);
  console.log('put together');
}
