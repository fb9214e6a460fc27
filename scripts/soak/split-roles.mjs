import { parseArgs } from 'node:util';
import { brokenPromises, runSplitRoles } from '../../packages/server/test/crash/split-roles.mjs';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    minutes: { type: 'string', default: '10' },
  },
});
const seed = Number(values.seed);
console.log(`seed ${seed}`);
const roles = { ingest1: 'ingest', ingest2: 'ingest', worker1: 'worker', worker2: 'worker', web: 'web' };
const result = await runSplitRoles({ seed, seconds: 60 * Number(values.minutes), roles, print: console.log });
console.log(JSON.stringify(result, null, 2));
const broken = brokenPromises(result);
console.log(broken.length === 0 ? 'passed' : `failed: ${broken.join(', ')}`);
process.exit(broken.length === 0 ? 0 : 1);
