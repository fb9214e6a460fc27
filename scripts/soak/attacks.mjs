// Attacks of full size on the live example, with the real platform behind it: each is found at most one attempt past its
// threshold, what follows shuts the attacker out, and no honest guest is locked out.
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLiveExample } from '../../test/live-example.mjs';
import { guessing, sharedAddress, slowGuessing, spraying, stuffing } from '../../test/simulated-attacks.mjs';
import { buildConsole, buildExample } from '../lib/build-steps.mjs';

const REFUSED_SIXTH = [401, 401, 401, 401, 401, 429].join();
const found = ({ threshold, detectedAfter }) => detectedAfter >= threshold && detectedAfter <= threshold + 1;
const letIn = ({ honest }) => honest === 200;

/** Each with what must hold of its outcome. */
const ATTACKS = [
  [
    '500 honest guests behind one address',
    (live) => sharedAddress(live, 500),
    ({ lockedOut, detections }) => lockedOut === 0 && detections === 0,
  ],
  [
    'stuffing from 500 addresses',
    (live) => stuffing(live, 500),
    (outcome) => found(outcome) && letIn(outcome) && outcome.blocked === 0 && outcome.challenged.includes('everyone'),
  ],
  [
    'spraying over 200 accounts',
    (live) => spraying(live, 200),
    (outcome) => found(outcome) && letIn(outcome) && outcome.refusedAfter === 10 && outcome.refused === 190,
  ],
  [
    'brute force',
    (live) => guessing(live, { address: '203.0.113.9', guest: 30 }),
    (outcome) => found(outcome) && letIn(outcome) && outcome.statuses.join() === REFUSED_SIXTH,
  ],
  [
    'brute force with an x-forwarded-for of its own',
    (live) => guessing(live, { address: '203.0.113.66', guest: 31, spoof: true }),
    (outcome) => found(outcome) && letIn(outcome) && outcome.statuses.join() === REFUSED_SIXTH,
  ],
  ['one guess an hour', slowGuessing, (outcome) => found(outcome) && letIn(outcome)],
];

await buildConsole();
await buildExample();
const folder = await mkdtemp(join(tmpdir(), 'yumops-attacks-'));
// The engines' own user must be able to enter.
await chmod(folder, 0o755);
const live = await startLiveExample(folder);
let passed = 0;
try {
  for (const [name, attack, holds] of ATTACKS) {
    const started = performance.now();
    const { page: _page, detection: _detection, ...outcome } = await attack(live);
    const isRight = holds(outcome);
    if (isRight) passed += 1;
    const seconds = ((performance.now() - started) / 1_000).toFixed(1);
    console.log(`${isRight ? 'passed' : 'FAILED'}  ${name} (${seconds} s): ${JSON.stringify(outcome)}`);
  }
} finally {
  await live.stop();
  await rm(folder, { recursive: true, force: true });
}
console.log(`${passed === ATTACKS.length ? 'passed' : 'failed'}: ${passed} of ${ATTACKS.length}`);
process.exitCode = passed === ATTACKS.length ? 0 : 1;
