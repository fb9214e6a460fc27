import { type Report, within } from '../../../lib/finding.ts';
import { nearest } from '../../../lib/nearest.ts';
import type { VercelContext } from './context.ts';
import {
  FUNCTION_KEYS,
  FUNCTION_REGIONS_FROM,
  KEYS,
  LEAST_MEMORY,
  LIMITS,
  MOST_PATTERNS,
  type Plan,
  REGIONS,
} from './facts.ts';
import { lintCrons } from './lint-crons.ts';
import { lintKeys } from './lint-keys.ts';
import { lintMeasured } from './lint-measured.ts';
import { type FunctionSettings, patternFor } from './measured.ts';

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Reports what is wrong with the contents of a vercel.json. */
export function lintVercel(value: unknown, context: VercelContext, report: Report): void {
  if (!isMap(value)) {
    report({ code: 'E103', path: [], message: 'the file is not a map', suggestion: 'begin with {' });
    return;
  }
  lintKeys(value, KEYS, report, {
    severity: 'warning',
    suggestion: 'see whether Vercel knows it by now, else remove it',
  });
  const { functions, builds, crons, regions, fluid } = value;
  if (functions !== undefined && builds !== undefined) {
    const suggestion = 'remove "builds", which is the older of both';
    report({
      code: 'E401',
      path: ['builds'],
      atKey: true,
      message: '"builds" and "functions" exclude each other',
      suggestion,
    });
  }
  if (regions !== undefined) lintRegions(regions, context.plan, within(report, 'regions'));
  if (functions !== undefined)
    lintFunctions(functions, { ...context, fluid: fluid !== false }, within(report, 'functions'));
  if (crons !== undefined) lintCrons(crons, context, within(report, 'crons'));
}

function lintRegions(value: unknown, plan: Plan, report: Report): void {
  if (!Array.isArray(value) || value.length === 0) {
    report({
      code: 'E103',
      path: [],
      message: 'regions is not a list of regions',
      suggestion: 'write for example ["iad1"]',
    });
    return;
  }
  for (const [index, region] of value.entries()) {
    if (typeof region === 'string' && REGIONS.includes(region)) continue;
    const near = typeof region === 'string' ? nearest(region, REGIONS) : undefined;
    const suggestion = near === undefined ? `there are ${REGIONS.join(', ')}` : `did you mean "${near}"?`;
    report({ code: 'E405', path: [index], message: `"${region}" is not a region that runs functions`, suggestion });
  }
  const several = LIMITS[plan].severalRegions;
  if (value.length === 1 || several === true) return;
  const code = several === false ? 'E412' : 'I404';
  const message =
    several === false
      ? `${value.length} regions are named; the plan hobby runs functions in one`
      : `${value.length} regions are named; Vercel's page of limits speaks of several for the plan enterprise`;
  const suggestion =
    several === false ? `keep "${value[0]}" alone` : 'see in the project settings whether your team may';
  report({ code, path: [], message, suggestion });
}

type FunctionContext = VercelContext & { fluid: boolean };

function lintFunctions(value: unknown, context: FunctionContext, report: Report): void {
  if (!isMap(value)) {
    const suggestion = 'write {"app/api/**/*.ts": {"maxDuration": 30}}';
    report({ code: 'E103', path: [], message: 'functions is not a map by pattern', suggestion });
    return;
  }
  const patterns = Object.keys(value);
  if (patterns.length > MOST_PATTERNS) {
    const message = `there are ${patterns.length} patterns; Vercel takes ${MOST_PATTERNS}`;
    report({ code: 'E410', path: [], message, suggestion: 'join patterns with equal settings' });
  }
  const settings: Record<string, FunctionSettings> = {};
  for (const pattern of patterns) {
    const item = value[pattern];
    if (isMap(item)) {
      settings[pattern] = item;
      lintFunction(item, context, within(report, pattern));
    } else {
      report({
        code: 'E103',
        path: [pattern],
        message: 'this is not a map of settings',
        suggestion: 'write {"maxDuration": 30}',
      });
    }
  }
  lintPatterns(settings, context, report);
  lintMeasured(settings, context, report);
}

function lintFunction(item: Record<string, unknown>, { plan, fluid }: FunctionContext, report: Report): void {
  lintKeys(item, FUNCTION_KEYS, report);
  const { maxDuration, memory, regions } = item;
  if (maxDuration !== undefined) lintDuration(maxDuration, plan, report);
  if (memory !== undefined) lintMemory(memory, { plan, fluid }, report);
  if (regions === undefined) return;
  lintRegions(regions, plan, within(report, 'regions'));
  const message = `regions of one function are read from version ${FUNCTION_REGIONS_FROM} of the command line on`;
  report({ code: 'I401', path: ['regions'], atKey: true, message, suggestion: 'older ones refuse the file' });
}

function lintDuration(value: unknown, plan: Plan, report: Report): void {
  const path = ['maxDuration'];
  if (value === 'max') return;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1) {
    const suggestion = 'write seconds, such as 30, or "max"';
    report({ code: 'E103', path, message: `${JSON.stringify(value)} is not a duration`, suggestion });
    return;
  }
  const { maxDuration } = LIMITS[plan];
  if (value <= maxDuration) return;
  const message = `${value} s is longer than the plan ${plan} allows, ${maxDuration} s`;
  report({ code: 'E403', path, message, suggestion: `write ${maxDuration}, or "max"` });
}

function lintMemory(value: unknown, { plan, fluid }: { plan: Plan; fluid: boolean }, report: Report): void {
  const path = ['memory'];
  const { memory } = LIMITS[plan];
  if (typeof value !== 'number' || !Number.isInteger(value)) {
    report({
      code: 'E103',
      path,
      message: `${JSON.stringify(value)} is not an amount of memory`,
      suggestion: 'write megabytes, such as 1024',
    });
  } else if (value < LEAST_MEMORY || value > memory) {
    const message = `${value} MB is not within what the plan ${plan} allows, ${LEAST_MEMORY} to ${memory} MB`;
    report({ code: 'E404', path, message, suggestion: `write ${value < LEAST_MEMORY ? LEAST_MEMORY : memory}` });
  }
  if (!fluid) return;
  const message = 'with Fluid compute, the default, memory of this file is ignored';
  const suggestion = 'remove it and set the size in the project settings, or write "fluid": false';
  report({ code: 'W402', path, atKey: true, message, suggestion });
}

/** E402: patterns of no file; W404: patterns whose files an earlier pattern has. */
function lintPatterns(settings: Record<string, FunctionSettings>, { files }: VercelContext, report: Report): void {
  if (files === null) return;
  const patterns = Object.keys(settings);
  for (const [index, pattern] of patterns.entries()) {
    const matched = files.filter(({ file }) => patternFor([pattern], file) !== null);
    if (matched.length === 0) {
      const message = `"${pattern}" matches no function; Vercel refuses the deployment`;
      report({
        code: 'E402',
        path: [pattern],
        atKey: true,
        message,
        suggestion: 'name files that exist, or remove it',
      });
      continue;
    }
    const earlier = patterns.slice(0, index);
    const taken = matched.filter(({ file }) => patternFor(earlier, file) !== null);
    if (taken.length < matched.length) continue;
    const by = [...new Set(taken.map(({ file }) => `"${patternFor(earlier, file)}"`))].join(' and ');
    const message = `"${pattern}" has no effect: what it matches follows ${by}, written before it`;
    const suggestion = 'the first that matches counts: write the narrower one first';
    report({ code: 'W404', path: [pattern], atKey: true, message, suggestion });
  }
}
