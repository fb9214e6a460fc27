// Two versions at once on one Postgres and one telemetry engine: the old one goes on under load while the new one changes
// the schemas, ends in order, and is refused when it comes back.
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../dist/engines/index.js';
import { countAlerts, countRows, INTERVAL_MS, Instance, Load, onStage, settle } from './instances-under-load.mjs';
import { countChecks } from './split-roles-checks.mjs';

/** Rows and alerts of the new version are numbered from here on. */
const FIRST_OF_NEW = 1_000_000_000;

/** What it says, and what to do. */
const CLEAR = /which this release does not know[\s\S]*Run the release/;

const APPLIED = 'SELECT count(*)::int AS n FROM schema_migrations';

/**
 * @param oldProgram the program of the old version
 * @param seconds how long each stage takes load: the old version alone, both, the new one alone
 */
export function runUpgrade({ seed, oldProgram, seconds, print = () => undefined }) {
  return onStage(seed, async (stage) => {
    const old = new Instance('old', null, { ...stage, port: await freePort(), bin: oldProgram });
    const fresh = new Instance('new', null, { ...stage, port: await freePort() });
    const migrations = async () => (await stage.db.query(APPLIED))[0].n;
    await old.start();
    const before = await migrations();
    const begunAt = Date.now();
    print(`the old version takes load; it knows ${before} migrations`);
    const toOld = new Load([old], stage.random);
    await sleep(1_000 * seconds);
    const waitBefore = Math.round(toOld.longestWaitMs);
    toOld.longestWaitMs = 0;
    print('the new version starts');
    await fresh.start();
    const waitMeanwhile = Math.round(toOld.longestWaitMs);
    print(`both take load; ${(await migrations()) - before} migrations were added`);
    toOld.longestWaitMs = 0;
    const toNew = new Load([fresh], stage.random, FIRST_OF_NEW);
    await sleep(1_000 * seconds);
    const oldLives = old.child.exitCode === null;
    const waits = { waitBefore, waitMeanwhile, waitAfter: Math.round(toOld.longestWaitMs) };
    await toOld.finish();
    await old.stop();
    const troubles = troublesOf(old.said);
    print('the old version has ended');
    await sleep(500 * seconds);
    print('the old version is started again');
    const refusal = await refusalOf(old);
    await sleep(500 * seconds);
    await toNew.finish();
    print('settling');
    const load = joined(toOld, toNew);
    await settle(stage, load);
    await fresh.stop();
    const lives = fresh.lives;
    return {
      ...{ seed, added: (await migrations()) - before, oldLives, waits, troubles, refusal },
      rows: await countRows(stage.telemetry, load),
      alerts: await countAlerts(stage.db, stage.vendors, load),
      checks: await countChecks(stage.telemetry, { intervalMs: INTERVAL_MS, lives, begunAt }),
      troublesOfNew: troublesOf(fresh.said),
    };
  });
}

const joined = (one, other) => ({
  rows: one.rows + other.rows,
  resent: one.resent + other.resent,
  accepted: new Set([...one.accepted, ...other.accepted]),
});

/** What an instance warned of or failed at: each message with how often it was said, and one of its reasons. */
function troublesOf(said) {
  const found = new Map();
  for (const line of said.split('\n').filter((one) => one.startsWith('{'))) {
    const { level, message, reason, error } = JSON.parse(line);
    if (level !== 'warn' && level !== 'error') continue;
    const known = found.get(message) ?? { level, message, times: 0, reason: reason ?? error ?? null };
    found.set(message, { ...known, times: known.times + 1 });
  }
  return [...found.values()];
}

/** What the old version says when it is started on the new schemas; null = it started. */
async function refusalOf(old) {
  try {
    await old.start();
  } catch {
    return { status: old.child.exitCode, said: old.said.trim().slice(-1_000) };
  }
  await old.kill();
  return null;
}

export function brokenUpgradePromises({ added, oldLives, refusal, rows, alerts, checks }) {
  const broken = [
    [added === 0, 'the new version changed no schema: choose an older one'],
    [!oldLives, 'the old version ended while the new one started'],
    [refusal === null, 'the old version started on the new schemas'],
    [refusal !== null && (refusal.status === 0 || !CLEAR.test(refusal.said)), 'the refusal is not clear'],
    [rows.lost > 0, `${rows.lost} rows lost`],
    [rows.doubled > 0, `${rows.doubled} rows doubled`],
    [alerts.lost.length > 0, `${alerts.lost.length} alerts lost`],
    [alerts.doublePages > 0, `${alerts.doublePages} double pages`],
    [alerts.doubleSms > 0, `${alerts.doubleSms} double SMS`],
    [checks.doubled > 0, `${checks.doubled} checks doubled`],
    [checks.leftAlone.length > 0, `${checks.leftAlone.length} monitors left unchecked`],
  ];
  return broken.flatMap(([is, what]) => (is ? [what] : []));
}
