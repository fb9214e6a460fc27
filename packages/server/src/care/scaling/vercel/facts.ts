/** Plans of Vercel, by whose limits a file is judged. */
export const PLANS = ['hobby', 'pro', 'enterprise'] as const;
export type Plan = (typeof PLANS)[number];

export interface PlanLimits {
  /** Seconds that a function may run, with Fluid compute. */
  maxDuration: number;
  /** Megabytes of a function. */
  memory: number;
  /** Milliseconds between two runs of a cron job. */
  cronEvery: number;
  /** Whether functions may run in several regions; null = the sources do not say. */
  severalRegions: boolean | null;
}

const MINUTE = 60_000;
const DAY = 86_400_000;

/**
 * What plans allow. Sources, with the date of the page that was read:
 * - durations, memory, regions: https://vercel.com/docs/functions/limitations (18 December 2025)
 * - durations and memory with Fluid compute:
 *   https://vercel.com/changelog/higher-defaults-and-limits-for-vercel-functions-running-fluid-compute
 * - cron jobs: https://vercel.com/docs/cron-jobs/usage-and-pricing (read in November 2026)
 */
export const LIMITS: Readonly<Record<Plan, PlanLimits>> = {
  hobby: { maxDuration: 300, memory: 2_048, cronEvery: DAY, severalRegions: false },
  pro: { maxDuration: 800, memory: 4_096, cronEvery: MINUTE, severalRegions: null },
  enterprise: { maxDuration: 800, memory: 4_096, cronEvery: MINUTE, severalRegions: true },
};

/** Seconds that a function may run where nothing says otherwise: the changelog above. */
export const DEFAULT_MAX_DURATION = 300;

/** Cron jobs a project, on every plan: the page on cron jobs above. */
export const MOST_CRONS = 100;

/** Bounds that the command line checks: packages/build-utils/src/schemas.ts of github.com/vercel/vercel. */
export const MOST_PATTERNS = 50;
export const LEAST_MEMORY = 128;

/**
 * Regions that run functions: https://vercel.com/docs/regions (11 August 2026), which counts 20.
 * A region of a later day is not among them.
 */
export const REGIONS: readonly string[] =
  'arn1 bom1 cdg1 cle1 cpt1 dub1 dxb1 fra1 gru1 hkg1 hnd1 iad1 icn1 kix1 lhr1 pdx1 sfo1 sin1 syd1 yul1'.split(' ');

/** The first release of the command line that reads `regions` of one function: its release notes. */
export const FUNCTION_REGIONS_FROM = '50.14.1';

/** Keys of the file: https://vercel.com/docs/project-configuration (2026). */
export const KEYS: readonly string[] = [
  ...['$schema', 'alias', 'build', 'buildCommand', 'builds', 'bunVersion', 'cleanUrls', 'crons', 'devCommand', 'env'],
  ...['fluid', 'framework', 'functionFailoverRegions', 'functions', 'git', 'github', 'headers', 'ignoreCommand'],
  ...['images', 'installCommand', 'name', 'outputDirectory', 'passiveRegions', 'public', 'redirects', 'regions'],
  ...['relatedProjects', 'rewrites', 'routes', 'scope', 'trailingSlash', 'version'],
];

/** Keys of an item of `functions` and of `crons`. */
export const FUNCTION_KEYS: readonly string[] = [
  ...['architecture', 'excludeFiles', 'experimentalTriggers', 'functionFailoverRegions', 'includeFiles'],
  ...['maxDuration', 'memory', 'regions', 'runtime', 'supportsCancellation'],
];
export const CRON_KEYS: readonly string[] = ['path', 'schedule'];
