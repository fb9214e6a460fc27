// Cost of a log call beside pino, pino with redaction and winston: `node bench/logger/run.mjs [rounds]`.
import { execFileSync, fork } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = dirname(fileURLToPath(import.meta.url));
const versionOf = (name) =>
  JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8')).version;
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const rounds = process.argv[2] ?? '11';

if (!existsSync(join(folder, 'node_modules', 'winston'))) {
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder, stdio: 'inherit' });
}
const loadBefore = loadavg()[0];
const child = fork(join(folder, 'measure.mjs'), {
  stdio: ['ignore', openSync('/dev/null', 'w'), 'inherit', 'ipc'],
  env: { ...process.env, ROUNDS: rounds, NODE_ENV: 'production', YUMOPS_URL: '', LOG_LEVEL: 'info' },
});
const results = await new Promise((resolve, reject) => {
  child.once('message', resolve);
  child.once('exit', (code) => reject(new Error(`the measuring process ended with ${code}`)));
});

const summary = {};
for (const [kind, byName] of Object.entries(results)) {
  summary[kind] = {};
  for (const [name, values] of Object.entries(byName)) {
    const row = { medianNs: Math.round(median(values)), bestNs: Math.round(Math.min(...values)) };
    summary[kind][name] = { ...row, ratioToPino: Number((median(values) / median(byName.pino)).toFixed(2)) };
  }
  console.log(`\n${kind}: CPU per call, median and best of ${Object.values(byName)[0].length} rounds`);
  console.table(summary[kind]);
}
const report = {
  bench: 'logger',
  date: new Date().toISOString(),
  node: process.version,
  versions: { pino: versionOf('pino'), winston: versionOf('winston') },
  machine: { cpu: cpus()[0]?.model, cores: cpus().length, loadBefore, loadAfter: loadavg()[0] },
  goals: { typicalNs: 4000, typicalRatioToPino: 0.6, smallNs: 1000, belowLevelNs: 20 },
  summary,
};
const file = join(folder, '..', 'results', `logger-${report.date.slice(0, 10)}.json`);
mkdirSync(dirname(file), { recursive: true });
writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
console.log(`load ${loadBefore.toFixed(2)} before, ${report.machine.loadAfter.toFixed(2)} after; written to ${file}`);
