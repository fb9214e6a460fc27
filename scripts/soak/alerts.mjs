import { parseArgs } from 'node:util';
import { keptPromises, runAlertKills } from '../../packages/server/test/crash/alert-kills.mjs';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    kills: { type: 'string', default: '200' },
  },
});
const seed = Number(values.seed);
console.log(`seed ${seed}`);
const result = await runAlertKills({ kills: Number(values.kills), seed, print: console.log });
console.log(result);
const passed = keptPromises(result);
console.log(passed ? 'passed' : 'failed');
process.exit(passed ? 0 : 1);
