import type { OnCallShift, OnCallSituation } from '@yumops/protocol';
import { defineCommand } from 'citty';
import { readSettings } from '../config/settings.ts';
import { systemClock } from '../lib/clock.ts';
import { YumOpsError } from '../lib/errors.ts';
import { didYouMean } from '../lib/nearest.ts';
import { DAY_MS, formatZonedTime, parseInstant } from '../lib/zoned-time.ts';
import { loadUsableConfig } from '../main/config.ts';
import {
  gapItems,
  LOOK_AROUND_MS,
  type Schedule,
  shiftItems,
  situationsOf,
  withOverrides,
} from '../respond/oncall/index.ts';
import { platformArgs, printJson } from './command.ts';
import { configurationPath } from './running-findings.ts';
import { storedOverrides } from './stored-overrides.ts';
import { formatTable } from './table.ts';

/** Schedules may be looked at over so long; ten years of hourly turns are 87,660 shifts. */
const LONGEST_RANGE_MS = 20 * 366 * DAY_MS;

const NOT_CONFIGURED = 'No schedules are configured.\n';

const timeArg = { type: 'string', valueHint: 'TIME' } as const;

export const oncall = defineCommand({
  meta: {
    name: 'yumops oncall',
    description: 'Who is on call, now or at any time; exit 1 when nobody is at that instant, also without any schedule',
  },
  args: {
    ...platformArgs,
    at: {
      ...timeArg,
      description: 'An instant: 2026-10-25T00:30:00Z, or "2026-10-25 01:30 Europe/London"; UTC without a zone',
    },
    from: { ...timeArg, description: 'Every shift from here on' },
    to: { ...timeArg, description: 'The end of the range, which no longer belongs to it' },
    schedule: { type: 'string', description: 'This schedule alone', valueHint: 'NAME' },
  },
  async run({ args }) {
    const settings = readSettings(args);
    const range = readRange(args);
    const { config } = loadUsableConfig(await configurationPath(settings), settings.env);
    const chosen = choose(config.schedules, args.schedule);
    const stored = await storedOverrides(settings, config.stores, range.start, range.end);
    const schedules = chosen.map((schedule) => withOverrides(schedule, stored));
    return range.at === undefined
      ? printRange(schedules, range.start, range.end, args.json === true)
      : printInstant(schedules, range.at, args.json === true);
  },
});

interface Range {
  /** The instant that is asked for, if one is. */
  at?: number;
  /** The time that the answer depends on. */
  start: number;
  end: number;
}

/** What is asked for: now when nothing is given. */
function readRange(args: Partial<Record<'at' | 'from' | 'to', string | undefined>>): Range {
  const [at, start, end] = [readTime('at', args.at), readTime('from', args.from), readTime('to', args.to)];
  if (start === undefined && end === undefined) {
    const instant = at ?? systemClock.now();
    return { at: instant, start: instant - LOOK_AROUND_MS, end: instant + LOOK_AROUND_MS };
  }
  if (start === undefined || end === undefined || at !== undefined) {
    throw wrongUse('Give either --at, or --from and --to.');
  }
  if (end <= start) throw wrongUse('--to is not after --from.');
  if (end - start > LONGEST_RANGE_MS) throw wrongUse('The range is longer than 20 years.');
  return { start, end };
}

function readTime(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const instant = parseInstant(text);
  if (instant === undefined) {
    throw wrongUse(`--${option} "${text}" is not a time.`, 'Write for example 2026-10-25T00:30:00Z.');
  }
  return instant;
}

function choose(schedules: readonly Schedule[], name: string | undefined): readonly Schedule[] {
  if (name === undefined) return schedules;
  const found = schedules.find((schedule) => schedule.name === name || schedule.id === name);
  if (found) return [found];
  const names = schedules.map((schedule) => schedule.name);
  throw wrongUse(`There is no schedule "${name}".`, didYouMean(name, names) ?? `There are: ${names.join(', ')}.`);
}

function wrongUse(message: string, hint = 'See `yumops oncall --help`.'): YumOpsError {
  return new YumOpsError('wrong_use', message, { hint, status: 400 });
}

function printInstant(schedules: readonly Schedule[], at: number, json: boolean): number {
  const situations = situationsOf(schedules, at);
  const { items } = situations;
  if (json) {
    const shifts = items.flatMap(({ schedule, person, since, until }) =>
      person === null ? [] : [{ schedule, person, start: since, end: until }],
    );
    printJson({ ...situations, shifts });
  } else {
    process.stdout.write(formatTable(SITUATION_COLUMNS, items) || NOT_CONFIGURED);
  }
  // Without schedules nobody is on call either.
  return items.length === 0 || items.some(({ person }) => person === null) ? 1 : 0;
}

function local(instant: string | null, zone: string): string {
  return instant === null ? '-' : formatZonedTime(Date.parse(instant), zone);
}

const SITUATION_COLUMNS = [
  { heading: 'SCHEDULE', cell: ({ schedule }: OnCallSituation) => schedule },
  { heading: 'ON CALL', cell: ({ person }: OnCallSituation) => person ?? 'nobody' },
  { heading: 'SINCE', cell: ({ since, timeZone }: OnCallSituation) => local(since, timeZone) },
  { heading: 'UNTIL', cell: ({ until, timeZone }: OnCallSituation) => local(until, timeZone) },
  {
    heading: 'THEN',
    cell: ({ next, until }: OnCallSituation) => next ?? (until === null ? '-' : 'nobody'),
  },
  { heading: 'ZONE', cell: ({ timeZone }: OnCallSituation) => timeZone },
];

function printRange(schedules: readonly Schedule[], from: number, to: number, json: boolean): number {
  const shifts = shiftItems(schedules, from, to);
  if (json) {
    printJson({ shifts });
    return 0;
  }
  const nobody = gapItems(schedules, from, to).map((gap) => ({ ...gap, person: 'nobody' }));
  const rows = [...shifts, ...nobody].sort((a, b) => Date.parse(a.start) - Date.parse(b.start));
  const zones = new Map(schedules.map(({ name, timeZone }) => [name, timeZone]));
  const zoneOf = ({ schedule }: OnCallShift) => zones.get(schedule) ?? 'UTC';
  const columns = [
    { heading: 'SCHEDULE', cell: (row: OnCallShift) => row.schedule },
    { heading: 'ON CALL', cell: (row: OnCallShift) => row.person },
    { heading: 'FROM', cell: (row: OnCallShift) => local(row.start, zoneOf(row)) },
    { heading: 'TO', cell: (row: OnCallShift) => local(row.end, zoneOf(row)) },
    { heading: 'ZONE', cell: zoneOf },
  ];
  process.stdout.write(formatTable(columns, rows) || NOT_CONFIGURED);
  return 0;
}
