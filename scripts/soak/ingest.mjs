import { parseArgs } from 'node:util';
import { runIngestFuzz } from '../../packages/server/test/crash/ingest-fuzz.mjs';
import { runIngestKills } from '../../packages/server/test/crash/ingest-kills.mjs';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    kills: { type: 'string', default: '20' },
    bodies: { type: 'string', default: '100000' },
  },
});
const seed = Number(values.seed);
console.log(`seed ${seed}`);
const kills = await runIngestKills({ kills: Number(values.kills), seed, print: console.log });
console.log(kills);
const fuzz = await runIngestFuzz({ bodies: Number(values.bodies), seed, print: console.log });
console.log(fuzz);
const passed =
  kills.lost === 0 &&
  kills.doubled === 0 &&
  fuzz.drained &&
  fuzz.exitCode === 0 &&
  Object.keys(fuzz.statuses).every((status) => /^[24]/.test(status));
console.log(passed ? 'passed' : 'failed');
process.exit(passed ? 0 : 1);
