import { z } from 'zod';
import { scheduleProblem } from '../../lib/cron.ts';
import { type Report, within } from '../../lib/finding.ts';
import { durationShape, listOf, readDuration, textsShape } from '../../lib/section.ts';

/** `security.scan:` as written. */
export const scanShape = z.strictObject({
  weekly: z.string().optional().describe('When the security scan runs, as a cron expression, default "0 4 * * 1"'),
  monthly: z.string().optional().describe('When the security audit runs, default "0 5 1 * *"'),
  time_zone: z.string().optional().describe('Zone of both, default UTC'),
  lockfiles: z
    .array(z.string())
    .optional()
    .describe('package-lock.json or pnpm-lock.yaml of the application, relative to the configuration'),
  registry: z
    .union([z.string(), z.literal(false)], 'expected the address of a registry, or false')
    .optional()
    .describe('npm registry that is asked for advisories, default https://registry.npmjs.org; false = none'),
  advisories: z.string().optional().describe('Offline advisories: an OSV export, .zip or .json'),
  secrets: z.array(z.string()).optional().describe('Further files that are searched for secrets'),
  log_sample: z.int().min(100).max(200_000).optional().describe('Log records searched for secrets, default 5000'),
  stale_after: durationShape.optional().describe('Accounts and tokens without use for so long are stale, default 90d'),
  seen_within: durationShape.optional().describe('Security events of each kind are expected within, default 30d'),
  owner: z.string().min(1).optional().describe('Whose new findings are'),
  report_to: textsShape.optional().describe('Addresses that get the report by e-mail'),
});

/** When and how scans look. Times in milliseconds; paths as written. */
export interface ScanConfig {
  weekly: string;
  monthly: string;
  timeZone: string;
  lockfiles: readonly string[];
  /** Base address without a slash at the end; null = none is asked. */
  registry: string | null;
  advisories: string | null;
  secretFiles: readonly string[];
  logSample: number;
  staleAfterMs: number;
  seenWithinMs: number;
  owner: string | null;
  reportTo: readonly string[];
}

const DAY = 86_400_000;
const REGISTRY = 'https://registry.npmjs.org';

/** Compiles `security.scan:`; paths count from that key. */
export function compileScan(raw: z.infer<typeof scanShape>, report: Report): ScanConfig {
  return {
    ...compileSchedules(raw, report),
    lockfiles: raw.lockfiles ?? [],
    registry: compileRegistry(raw.registry, within(report, 'registry')),
    advisories: raw.advisories ?? null,
    secretFiles: raw.secrets ?? [],
    logSample: raw.log_sample ?? 5_000,
    staleAfterMs: readDuration(raw.stale_after, ['stale_after'], report, DAY) ?? 90 * DAY,
    seenWithinMs: readDuration(raw.seen_within, ['seen_within'], report, DAY) ?? 30 * DAY,
    owner: raw.owner ?? null,
    reportTo: listOf(raw.report_to),
  };
}

function compileSchedules(
  { weekly = '0 4 * * 1', monthly = '0 5 1 * *', time_zone: timeZone = 'UTC' }: z.infer<typeof scanShape>,
  report: Report,
): Pick<ScanConfig, 'weekly' | 'monthly' | 'timeZone'> {
  const problems = Object.entries({ weekly, monthly }).flatMap(([key, pattern]) => {
    const problem = scheduleProblem(pattern, timeZone);
    return problem === null ? [] : [{ key, problem }];
  });
  for (const { key, problem } of problems) {
    if (problem.path[0] !== 'time_zone') report({ ...problem, code: 'E103', path: [key] });
  }
  const zone = problems.find(({ problem }) => problem.path[0] === 'time_zone');
  if (zone !== undefined) report({ ...zone.problem, code: 'E302' });
  return { weekly, monthly, timeZone };
}

function compileRegistry(written: string | false | undefined, report: Report): string | null {
  if (written === false) return null;
  const text = written ?? REGISTRY;
  if (URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol)) return text.replace(/\/+$/, '');
  const suggestion = `write for example ${REGISTRY}`;
  report({ code: 'E103', path: [], message: `"${text}" is not the address of a registry`, suggestion });
  return null;
}
