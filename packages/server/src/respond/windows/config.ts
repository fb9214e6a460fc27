import { z } from 'zod';
import { cronProblem } from '../../lib/cron.ts';
import { type Report, within } from '../../lib/finding.ts';
import { didYouMean } from '../../lib/nearest.ts';
import { durationShape, listOf, readDuration, slug, textsShape } from '../../lib/section.ts';
import { DAY_MS, instantOf } from '../../lib/zoned-time.ts';
import { compileMatchers } from '../alerting/index.ts';
import { compileRestriction, compileZone, readLocal, restrictionShape } from '../oncall/index.ts';
import type { Window, WindowKind, WindowTimes } from './window.ts';

const DATED = /^\d{4}-/;

/** An item of `maintenance_windows:` or `mute_times:` as written. */
export const windowShape = z.strictObject({
  name: z.string().min(1).describe('What is planned'),
  from: z.string().optional().describe('Local time: 2026-12-05T22:00 once, or "22:00" on every one of days'),
  to: z.string().optional().describe('Local time at which it ends; a time of day not after from is on the next day'),
  days: restrictionShape.shape.days.describe('Days on which it begins, default all'),
  schedule: z.string().optional().describe('When it begins, as a cron expression, instead of from and to'),
  for: durationShape.optional().describe('How long it lasts, with schedule or instead of to'),
  time_zone: z.string().optional().describe('Zone of its local times, e.g. Europe/London, default UTC'),
  monitors: textsShape.optional().describe('Only these monitors; nothing named at all = everything'),
  services: textsShape.optional().describe('Only alerts and SLOs of these services'),
  slos: textsShape.optional().describe('Only these SLOs'),
  environment: textsShape.optional().describe('Only these environments'),
  matchers: z.array(z.string()).optional().describe('Only alerts with these labels, e.g. ["team=shop"]'),
  reason: z.string().optional().describe('What it is for'),
});

export type RawWindow = z.infer<typeof windowShape>;

/** The names that a window may refer to. */
export interface WindowNames {
  monitors: readonly string[];
  slos: readonly string[];
}

/** Compiles a window; paths count from it. Undefined when a finding refuses it. */
export function compileWindow(
  raw: RawWindow,
  kind: WindowKind,
  names: WindowNames,
  report: Report,
): Window | undefined {
  const timeZone = compileZone(raw.time_zone ?? 'UTC', within(report, 'time_zone'));
  const times = compileTimes(raw, timeZone, report);
  lintNames('monitors', listOf(raw.monitors), names.monitors, report);
  lintNames('slos', listOf(raw.slos), names.slos, report);
  const scope = {
    monitors: listOf(raw.monitors),
    services: listOf(raw.services),
    slos: listOf(raw.slos),
    environments: listOf(raw.environment),
    matchers: compileMatchers(raw.matchers ?? [], within(report, 'matchers')),
  };
  if (!times) return undefined;
  const unmade = { author: null, createdAt: null, endedAt: null, endedBy: null };
  return { id: slug(raw.name), name: raw.name, kind, timeZone, times, scope, reason: raw.reason ?? '', ...unmade };
}

function compileTimes(raw: RawWindow, timeZone: string, report: Report): WindowTimes | undefined {
  const refuse = (path: string[], message: string, suggestion: string) => {
    report({ code: 'E103', path, message, suggestion });
    return undefined;
  };
  if (raw.schedule !== undefined) return compileCron(raw, raw.schedule, timeZone, report);
  if (raw.from === undefined) {
    const message = 'a window has from and to, or schedule and for';
    report({ code: 'E109', path: [], message, suggestion: 'write for example schedule: "0 2 * * 0" and for: 2h' });
    return undefined;
  }
  if (!DATED.test(raw.from)) {
    if (raw.to === undefined) return refuse(['from'], '"to" is missing', 'add to: with a time of day');
    const hours = compileRestriction({ days: raw.days, from: raw.from, to: raw.to }, report);
    const always = hours.days.length === 7 && hours.from === 0 && hours.to === DAY_MS;
    if (always) {
      const message = `"${raw.name}" is open at all times`;
      report({ code: 'W215', path: ['from'], message, suggestion: 'shorten it, or remove what it mutes' });
    }
    return { type: 'weekly', hours };
  }
  const start = instantOf(readLocal(raw.from, ['from'], report), timeZone);
  const lasts = readDuration(raw.for, ['for'], report, 1_000);
  const end = raw.to === undefined ? start + (lasts ?? 0) : instantOf(readLocal(raw.to, ['to'], report), timeZone);
  if (raw.to === undefined && raw.for === undefined) return refuse(['from'], '"to" is missing', 'add to: or for:');
  if (end <= start) {
    return refuse(
      [raw.to === undefined ? 'for' : 'to'],
      'the window ends before it begins',
      `write a time after ${raw.from}`,
    );
  }
  return { type: 'once', start, end };
}

function compileCron(raw: RawWindow, pattern: string, timeZone: string, report: Report): WindowTimes | undefined {
  const durationMs = readDuration(raw.for, ['for'], report, 1_000);
  if (raw.for === undefined || raw.from !== undefined || raw.to !== undefined) {
    const message = 'a window has from and to, or schedule and for';
    report({ code: 'E109', path: ['schedule'], atKey: true, message, suggestion: 'write for: 2h beside schedule' });
    return undefined;
  }
  const problem = cronProblem({ pattern, timeZone });
  if (problem !== null) {
    report({ code: 'E103', path: ['schedule'], message: problem, suggestion: 'write for example "0 2 * * 0"' });
    return undefined;
  }
  return durationMs === undefined ? undefined : { type: 'cron', pattern, durationMs };
}

/** E304: a name that there is not. */
function lintNames(key: 'monitors' | 'slos', names: readonly string[], known: readonly string[], report: Report): void {
  for (const [index, name] of names.entries()) {
    if (known.includes(name)) continue;
    const what = key === 'monitors' ? 'monitor' : 'SLO';
    const suggestion = didYouMean(name, known) ?? `name one of ${key}`;
    report({ code: 'E304', path: [key, index], message: `there is no ${what} "${name}"`, suggestion });
  }
}
