import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { brokenUpgradePromises, runUpgrade } from '../../packages/server/test/crash/upgrade.mjs';
import { buildEarlier } from '../lib/earlier-version.mjs';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    from: { type: 'string', default: 'HEAD~100' },
    seconds: { type: 'string', default: '30' },
  },
});
const seed = Number(values.seed);
console.log(`seed ${seed}, from ${values.from}`);
const folder = await mkdtemp(join(tmpdir(), 'yumops-earlier-'));
try {
  const oldProgram = await buildEarlier(values.from, folder);
  const result = await runUpgrade({ seed, oldProgram, seconds: Number(values.seconds), print: console.log });
  console.log(JSON.stringify(result, null, 2));
  const broken = brokenUpgradePromises(result);
  console.log(broken.length === 0 ? 'passed' : `failed: ${broken.join(', ')}`);
  process.exitCode = broken.length === 0 ? 0 : 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
