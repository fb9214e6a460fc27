// Recovers a moment, or a base backup by itself, and prints wall time, phases, peak memory and what a query gives.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { Repository, readBackupKeys, readManifest } from '../../packages/server/dist/care/backup/index.js';
import { recoverCluster } from '../../packages/server/dist/care/backup/physical/index.js';
import { embeddedRecovery } from '../../packages/server/dist/engines/index.js';
import { systemClock } from '../../packages/server/dist/lib/clock.js';
import { openBlobStore } from '../../packages/server/dist/store/blob/index.js';

const { folder, key, at, base, query } = JSON.parse(process.env.RECOVER);
const log = { debug() {}, info() {}, warn: console.error, error: console.error, child: () => log };
const seconds = (ms) => Math.round(ms / 10) / 100;
const store = await openBlobStore(`file:${join(folder, 'blobs')}`, folder);
const repository = new Repository(store, 'bench', readBackupKeys(key));
const moment = base === undefined ? at : (await readManifest(repository, base)).wal.stop;
const since = performance.now();
const cluster = await recoverCluster(
  {
    ...{ repository, server: embeddedRecovery({ clock: systemClock, log }), clock: systemClock },
    ...{ at: moment, baseId: base },
  },
  join(folder, 'restored'),
);
const wall = seconds(performance.now() - since);
const peakMB = Math.round(Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024);
const copy = new pg.Client({ connectionString: cluster.server.url(cluster.base.facts.server.superuser, 'postgres') });
await copy.connect();
const rows = (await copy.query('SELECT count(*)::int AS n FROM ratings')).rows[0].n;
const value = query === undefined ? null : (await copy.query(query)).rows[0].hash;
await copy.end();
await cluster.server.stop();
await cluster.place.discard();
const phases = Object.fromEntries(Object.entries(cluster.phases).map(([phase, ms]) => [phase, seconds(ms)]));
console.log(JSON.stringify({ wall, phases, peakMB, rows, value }));
