/** Makes a base backup, says how many volumes are stored, and stands still after so many, until it is killed. */
import { BackupKeys, Repository, readBackupKeys } from '../../dist/care/backup/index.js';
import { backUpPhysically } from '../../dist/care/backup/physical/index.js';
import { systemClock } from '../../dist/lib/clock.js';
import { openBlobStore } from '../../dist/store/blob/index.js';
import { connectReplication } from '../../dist/store/replication/index.js';

const { URL: url, BLOBS: blobs, KEY: key, VOLUME_BYTES, STAND_STILL_AFTER } = process.env;
const log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log };
const keys = readBackupKeys(key);
if (!(keys instanceof BackupKeys)) throw new Error('no key');
const store = await openBlobStore(`file:${blobs}`, '/');
const put = store.put.bind(store);
let volumes = 0;
store.put = async (path, ...rest) => {
  if (/base\.(tar|pieces)(\.\d+)?$/.test(path) && volumes++ === Number(STAND_STILL_AFTER)) {
    console.log('stands still');
    setInterval(() => undefined, 60_000);
    await new Promise(() => undefined);
  }
  return put(path, ...rest);
};
const source = connectReplication('main', url, systemClock);
await backUpPhysically({
  ...{ repository: new Repository(store, 'nightly', keys), source, database: 'main', clock: systemClock, log },
  ...{ madeBy: 'test', slotLimit: 4e9, volumeBytes: Number(VOLUME_BYTES) },
});
console.log('was not killed');
