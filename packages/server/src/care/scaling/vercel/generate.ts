import { type ConfiguredJob, inUtc, jobFor } from './cron.ts';
import { LIMITS, MOST_PATTERNS, type Plan } from './facts.ts';
import { type FileLoad, LEAST_REQUESTS, loadsOfFiles, type RouteLoad } from './measured.ts';
import type { RouteFile } from './routes.ts';

/** A vercel.json as far as it is written here; other keys stay as they were. */
export interface VercelFile {
  functions?: Record<string, Record<string, unknown>>;
  regions?: readonly string[];
  crons?: { path: string; schedule: string }[];
  [key: string]: unknown;
}

export interface Generated {
  file: VercelFile;
  /** Why each setting is as it is. */
  reasons: { setting: string; reason: string }[];
}

/** Seconds that a limit is chosen from. */
const STEPS = [5, 10, 15, 30, 60, 120, 300, 800];
/** A limit leaves this much room above what 99 % of requests take. */
const ROOM = 3;
const CRON_PATH = /^\/api\/cron\/[^/[\]]+$/;

const seconds = (ms: number) => Number((ms / 1_000).toPrecision(3));

function limitFor(p99: number, most: number): number {
  const wanted = (p99 / 1_000) * ROOM;
  return Math.min(most, STEPS.find((step) => step >= wanted) ?? most);
}

interface Wanted {
  file: string;
  limit: number;
  reason: string;
}

function wantedLimits(files: readonly RouteFile[], routes: readonly RouteLoad[], most: number): Wanted[] {
  const loads = loadsOfFiles(files, routes, {}, most).filter(({ requests }) => requests >= LEAST_REQUESTS);
  const slowest = new Map<string, FileLoad>();
  for (const load of loads) {
    const known = slowest.get(load.file);
    if (!known || load.p99 > known.p99) slowest.set(load.file, load);
  }
  return [...slowest.values()].map(({ file, p99, requests, endpoint }) => {
    const limit = limitFor(p99, most);
    return {
      file,
      limit,
      reason: `99 % of ${requests} requests of ${endpoint} end within ${seconds(p99)} s; ${ROOM} times that, rounded up`,
    };
  });
}

/**
 * Writes settings from what was measured: a limit for each route that was called often enough, cron jobs for the paths
 * under /api/cron, all else as it was.
 * @param existing the file as it is; regions and cron schedules of it stay
 */
export function generateVercel(context: {
  existing: VercelFile;
  plan: Plan;
  files: readonly RouteFile[];
  routes: readonly RouteLoad[];
  jobs: readonly ConfiguredJob[];
  now: number;
}): Generated {
  const { existing, plan, files, routes } = context;
  const reasons: Generated['reasons'] = [];
  const wanted = wantedLimits(files, routes, LIMITS[plan].maxDuration)
    .toSorted((a, b) => a.file.localeCompare(b.file))
    .slice(0, MOST_PATTERNS);
  const functions: Record<string, Record<string, unknown>> = {};
  for (const { file, limit, reason } of wanted) {
    // The name of a file stands for itself, also with brackets.
    functions[file] = { maxDuration: limit };
    reasons.push({ setting: `functions.${file}.maxDuration`, reason });
  }
  if (wanted.length === 0) {
    const reason = `no route of the project has ${LEAST_REQUESTS} requests in the log: functions stay as they were`;
    reasons.push({ setting: 'functions', reason });
  }
  const crons = cronsOf(context, reasons);
  const kept =
    wanted.length === 0 ? existing.functions : { ...functions, ...keptPatterns(existing, functions, reasons) };
  const { functions: _functions, crons: _crons, ...rest } = existing;
  const file = {
    ...rest,
    ...(kept && Object.keys(kept).length > 0 && { functions: kept }),
    ...(crons.length > 0 && { crons }),
  };
  return { file, reasons };
}

/** Patterns that were there stay behind those of single files, for routes that nothing was measured of. */
function keptPatterns(existing: VercelFile, written: object, reasons: Generated['reasons']) {
  const kept = Object.entries(existing.functions ?? {}).filter(([pattern]) => !Object.hasOwn(written, pattern));
  for (const [pattern] of kept) {
    reasons.push({ setting: `functions.${pattern}`, reason: 'as it was, for routes that are seldom called' });
  }
  return Object.fromEntries(kept);
}

function cronsOf(
  { existing, files, jobs, now }: Parameters<typeof generateVercel>[0],
  reasons: Generated['reasons'],
): { path: string; schedule: string }[] {
  const crons = [...(existing.crons ?? [])];
  for (const { path, schedule } of crons) reasons.push({ setting: `crons ${path}`, reason: `"${schedule}" as it was` });
  for (const { route } of files) {
    if (!CRON_PATH.test(route) || crons.some(({ path }) => path === route)) continue;
    const job = jobFor(route, jobs);
    const schedule = job && inUtc(job, now);
    if (!job || schedule == null) {
      const why = job
        ? `"${job.pattern}" in ${job.timeZone} cannot be written in UTC`
        : 'no job of this name is configured';
      reasons.push({ setting: `crons ${route}`, reason: `left out: ${why}` });
      continue;
    }
    crons.push({ path: route, schedule });
    const zone =
      job.timeZone === 'UTC' ? '' : `, with the offset of ${job.timeZone} as it is now: daylight saving moves it`;
    reasons.push({ setting: `crons ${route}`, reason: `the job ${job.name} runs at "${job.pattern}"${zone}` });
  }
  return crons;
}
