// The promises of the alert path over many random steps: pushes, checks, crashes, clock jumps, failing receivers.
import { parseArgs } from 'node:util';
import { run } from '../lib/run.mjs';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    steps: { type: 'string', default: '100000' },
  },
});
console.log(`seed ${values.seed}, ${values.steps} steps`);
const file = 'packages/server/src/respond/simulate/promises.property.test.ts';
await run(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', file], {
  show: true,
  env: { ...process.env, YUMOPS_TEST_SEED: values.seed, YUMOPS_PROPERTY_STEPS: values.steps },
});
