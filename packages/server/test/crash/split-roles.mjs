// Several instances with roles of their own on one Postgres and one telemetry engine, killed at random under load; then
// all that was acknowledged is counted.
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../dist/engines/index.js';
import {
  countAlerts,
  countRows,
  INTERVAL_MS,
  Instance,
  JOB_EVERY_MS,
  Load,
  onStage,
  settle,
} from './instances-under-load.mjs';
import { countChecks, repeated } from './split-roles-checks.mjs';

/** How long a busy machine may take for what a quiet one does within the time of the kills. */
const MOST_EXTRA_MS = 60_000;

/**
 * Kills one instance after the other at random; each comes back at once or after a while. It goes on for so many
 * seconds, and until `enough` was done, however slow the machine is.
 */
async function killAtRandom(instances, { random, seconds, awayMs, enough, print }) {
  const killsOf = Object.fromEntries(instances.map(({ name }) => [name, 0]));
  const end = performance.now() + seconds * 1_000;
  const returning = new Map();
  while (performance.now() < end || (!enough() && performance.now() < end + MOST_EXTRA_MS)) {
    await sleep(800 + random() * 4_000);
    const up = instances.filter(({ name }) => !returning.has(name));
    const victim = up[Math.floor(random() * up.length)];
    if (!victim) continue;
    await victim.kill();
    killsOf[victim.name] += 1;
    print(`killed ${victim.name} (${victim.roles})`);
    const away = random() < 0.5 ? 0 : random() * awayMs;
    const back = sleep(away)
      .then(() => victim.start())
      .finally(() => returning.delete(victim.name));
    back.catch(() => undefined);
    returning.set(victim.name, back);
  }
  await Promise.all(returning.values());
  return killsOf;
}

/** What a run takes in that can show a loss. */
export const LEAST = { rows: 1_000, alerts: 5 };

/** For how long all workers together served, ms. */
function workedMs(instances) {
  const lives = instances.filter((instance) => instance.has('worker')).flatMap((worker) => worker.lives);
  return lives.reduce((sum, { from, to }) => sum + Math.min(to, Date.now()) - from, 0);
}

export function runSplitRoles({ seed, seconds, roles, awayMs = 9_000, print = () => undefined }) {
  return onStage(seed, async (stage) => {
    const instances = [];
    for (const [name, its] of Object.entries(roles)) {
      instances.push(new Instance(name, its, { ...stage, port: await freePort() }));
    }
    // The first brings the schemas up to date.
    await instances[0].start();
    await Promise.all(instances.slice(1).map((instance) => instance.start()));
    const begunAt = Date.now();
    const doors = instances.filter((instance) => instance.has('ingest'));
    const load = new Load(doors, stage.random);
    const enough = () =>
      load.rows > LEAST.rows && load.accepted.size > LEAST.alerts && workedMs(instances) > seconds * 1_000;
    const killsOf = await killAtRandom(instances, { random: stage.random, seconds, awayMs, enough, print });
    await load.finish();
    print('settling');
    await settle(stage, load);
    // What instances know of checks and rows reaches the stores when they end in order.
    await Promise.all(instances.map((instance) => instance.stop()));
    const lives = instances.filter((instance) => instance.has('worker')).flatMap((worker) => worker.lives);
    return await count({ ...stage, load, seed, killsOf, lives, begunAt });
  });
}

async function count({ db, telemetry, vendors, load, seed, killsOf, lives, begunAt }) {
  const seconds = (Date.now() - begunAt) / 1_000;
  const kills = Object.values(killsOf).reduce((sum, n) => sum + n, 0);
  return {
    ...{ seed, seconds: Math.round(seconds), kills, killsOf },
    rows: await countRows(telemetry, load),
    alerts: await countAlerts(db, vendors, load),
    checks: await countChecks(telemetry, { intervalMs: INTERVAL_MS, lives, begunAt }),
    jobs: await countJobs(db),
    wrong: vendors.wrong,
  };
}

async function countJobs(db) {
  const rows = await db.query(
    `SELECT (extract(epoch FROM slot) * 1000)::float8 AS slot, status, attempt FROM job_runs
     WHERE job = 'maintenance' AND slot IS NOT NULL`,
  );
  const [{ missed }] = await db.query(
    `SELECT missed_total::int AS missed FROM job_schedules WHERE job = 'maintenance'`,
  );
  const slots = new Set(rows.map(({ slot }) => slot));
  const good = rows.filter(({ status }) => status === 'succeeded').map(({ slot }) => slot);
  const written = rows.filter(({ status }) => status === 'skipped').length;
  const span = slots.size === 0 ? 0 : (Math.max(...slots) - Math.min(...slots)) / JOB_EVERY_MS + 1;
  // Slots of a time without any worker are counted, and only the newest of them has a row.
  const uncounted = Math.max(0, missed - written);
  return {
    slots: slots.size,
    undecided: Math.max(0, span - slots.size - uncounted),
    doubled: repeated(good),
    interrupted: rows.filter(({ status }) => status === 'lost').length,
  };
}

export function brokenPromises({ rows, alerts, checks, jobs, wrong }) {
  const nothing = {
    ...{ 'rows lost': rows.lost, 'rows doubled': rows.doubled, 'alerts lost': alerts.lost.length },
    ...{ 'double pages': alerts.doublePages, 'double SMS': alerts.doubleSms, 'checks doubled': checks.doubled },
    ...{
      'monitors checked twice': checks.checkedTwice,
      'monitors left unchecked beside a worker': checks.leftAlone.length,
    },
    ...{ 'slots undecided': jobs.undecided, 'job runs doubled': jobs.doubled },
    'messages not in the published format': wrong.length,
  };
  return Object.entries(nothing).flatMap(([what, n]) => (n > 0 ? [`${n} ${what}`] : []));
}
