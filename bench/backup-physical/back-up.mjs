// Makes one base backup and prints wall time, processor time, peak memory and what of it is compared.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Repository, readBackupKeys } from '../../packages/server/dist/care/backup/index.js';
import { backUpPhysically } from '../../packages/server/dist/care/backup/physical/index.js';
import { systemClock } from '../../packages/server/dist/lib/clock.js';
import { openBlobStore } from '../../packages/server/dist/store/blob/index.js';
import { connectReplication } from '../../packages/server/dist/store/replication/index.js';

const { folder, key, url, fullEveryMs } = JSON.parse(process.env.BACK_UP);
const log = { debug() {}, info() {}, warn: console.error, error: console.error, child: () => log };
const seconds = (ms) => Math.round(ms / 10) / 100;
const repository = new Repository(
  await openBlobStore(`file:${join(folder, 'blobs')}`, folder),
  'bench',
  readBackupKeys(key),
);
const source = connectReplication('main', url, systemClock);
const since = performance.now();
const before = process.cpuUsage();
const { id, bytes, objects } = await backUpPhysically({
  ...{ repository, source, database: 'main', clock: systemClock, log, madeBy: 'bench', slotLimit: 4e9, fullEveryMs },
});
const wall = seconds(performance.now() - since);
const { user, system } = process.cpuUsage(before);
const peakMB = Math.round(Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024);
await source.close();
const hashes = objects.find(({ part }) => part === 'page-hashes')?.bytes ?? 0;
console.log(JSON.stringify({ id, bytes, hashes, wall, cpu: seconds((user + system) / 1000), peakMB }));
