// A million addresses that each fail once, on as many accounts: how fast the detectors are and how much they hold, beside a map
// that counts every pair, which is what the operations guide's counter comes to.
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DetectionEngine } from '../../packages/server/dist/care/security/detect/engine.js';

const ADDRESSES = 1_000_000;
const DAY = 86_400_000;
const MEBIBYTE = 1024 * 1024;
const root = fileURLToPath(new URL('../..', import.meta.url));

if (globalThis.gc === undefined) {
  const { spawnSync } = await import('node:child_process');
  const { status } = spawnSync(process.execPath, ['--expose-gc', fileURLToPath(import.meta.url)], { stdio: 'inherit' });
  process.exit(status ?? 1);
}

const ipOf = (i) => `${11 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}.1`;
const heap = () => {
  globalThis.gc();
  return process.memoryUsage().heapUsed / MEBIBYTE;
};

function measure(name, take) {
  const before = heap();
  let peak = 0;
  const cpu = process.cpuUsage();
  const start = performance.now();
  for (let i = 0; i < ADDRESSES; i += 1) {
    take(i);
    if (i % 100_000 === 99_999) peak = Math.max(peak, process.memoryUsage().heapUsed / MEBIBYTE);
  }
  const seconds = (performance.now() - start) / 1_000;
  const used = process.cpuUsage(cpu);
  return {
    name,
    eventsPerSecond: Math.round(ADDRESSES / seconds),
    cpuMicrosecondsPerEvent: Math.round(((used.user + used.system) / ADDRESSES) * 100) / 100,
    heldMebibytes: Math.round(heap() - before),
    peakMebibytes: Math.round(peak - before),
  };
}

const engine = new DetectionEngine(() => ({ failures: 20, within: DAY }));
const start = Date.UTC(2026, 0, 1);
const ours = measure('detectors', (i) =>
  engine.take({
    ...{
      at: start + i,
      project: '1',
      kind: 'failure',
      ip: ipOf(i),
      account: `acct_${i.toString(16).padStart(24, '0')}`,
    },
    ...{ unknownUser: false, place: null, device: null, path: null },
  }),
);
const pairs = new Map();
const naive = measure('one counter for every pair', (i) => {
  const key = `failed_auth:${ipOf(i)}:acct_${i.toString(16).padStart(24, '0')}`;
  const known = pairs.get(key) ?? { count: 0, at: 0 };
  known.count += 1;
  known.at = start + i;
  pairs.set(key, known);
});

console.table([ours, naive].map(({ name, ...figures }) => ({ name, ...figures })));
const ratios = {
  memory: Math.round((ours.heldMebibytes / naive.heldMebibytes) * 100) / 100,
  cpu: Math.round((ours.cpuMicrosecondsPerEvent / naive.cpuMicrosecondsPerEvent) * 10) / 10,
};
console.log(`held: ${ratios.memory} of the counters' memory; CPU per event: ${ratios.cpu} times theirs`);
console.log(`remembered: ${JSON.stringify(engine.stats())}`);
const result = {
  date: new Date().toISOString(),
  node: process.version,
  machine: { cpu: cpus()[0]?.model, cores: availableParallelism(), memoryGiB: Math.round(totalmem() / 1024 ** 3) },
  load: loadavg(),
  addresses: ADDRESSES,
  ours,
  naive,
  ratios,
  stats: engine.stats(),
  counters: pairs.size,
};
const folder = join(root, 'bench/results');
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, 'security.json'), `${JSON.stringify(result, null, 2)}\n`);
