import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { BackupKey } from '../../packages/server/dist/care/backup/index.js';
import { startEmbeddedPostgres } from '../../packages/server/dist/engines/index.js';
import { systemClock } from '../../packages/server/dist/lib/clock.js';
import { killBackups } from '../../packages/server/test/crash/backup-kills.mjs';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    kills: { type: 'string', default: '100' },
    // Milliseconds within which a kill comes; default somewhat more than one backup takes on this machine.
    span: { type: 'string' },
  },
});
console.log(`seed ${values.seed}`);
const HASH = 'SELECT count(*) || sum(hashtextextended(t::text, 0))::text AS hash FROM notes t';
const log = { debug() {}, info() {}, warn: console.error, error: console.error, child: () => log };
const folder = mkdtempSync(join(tmpdir(), 'yumops-soak-backup-'));
const engine = await startEmbeddedPostgres({ dataDir: join(folder, 'server'), major: 15, clock: systemClock, log });
try {
  const app = new pg.Client({ connectionString: engine.url });
  await app.connect();
  await app.query(`CREATE TABLE notes (id int PRIMARY KEY, text text);
    INSERT INTO notes SELECT i, md5(i::text) FROM generate_series(1, 200000) i`);
  writeFileSync(join(folder, 'backup.key'), `${BackupKey.create().toLine()}\n`);
  writeFileSync(
    join(folder, 'yumops.yml'),
    `databases: [{name: main, url: "${engine.url}"}]\nbackups: [{name: nightly, database: main, key: "file:./backup.key"}]\n`,
  );
  const before = (await app.query(HASH)).rows[0].hash;
  const report = await killBackups({
    folder,
    rounds: Number(values.kills),
    span: values.span === undefined ? undefined : Number(values.span),
    seed: Number(values.seed),
  });
  const isUnharmed = (await app.query(HASH)).rows[0].hash === before;
  await app.end();
  console.log(report);
  // Kills that all come before anything is written, or after everything, show nothing.
  const isTelling = report.listed > report.rounds / 10 && report.finished < report.rounds / 2;
  const why = isUnharmed ? 'the kills came at no telling moments' : 'the source is not what it was';
  console.log(isUnharmed && isTelling ? 'passed' : `failed: ${why}`);
  process.exitCode = isUnharmed && isTelling ? 0 : 1;
} finally {
  await engine.stop();
  rmSync(folder, { recursive: true, force: true });
}
