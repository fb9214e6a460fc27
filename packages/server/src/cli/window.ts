import type { Page, PlannedWindow } from '@yumops/protocol';
import { defineCommand } from 'citty';
import { readSettings } from '../config/settings.ts';
import { withClient } from './client.ts';
import { platformArgs, printJson } from './command.ts';
import { listed } from './listed.ts';
import { shownTime } from './shown-time.ts';
import { formatTable } from './table.ts';

const add = defineCommand({
  meta: {
    name: 'yumops window add',
    description:
      'Plan work: alerts are muted, monitors and SLOs do not count; with --mute alerts are muted and no more',
  },
  args: {
    ...platformArgs,
    name: { type: 'positional', required: true, description: 'What is planned', valueHint: 'NAME' },
    from: { type: 'string', description: '2026-12-05T22:00 once, or 22:00 on every one of --days', valueHint: 'TIME' },
    to: { type: 'string', description: 'When it ends', valueHint: 'TIME' },
    days: { type: 'string', description: 'Days on which it begins, e.g. sat,sun; default all', valueHint: 'DAYS' },
    schedule: { type: 'string', description: 'When it begins, as a cron expression', valueHint: 'CRON' },
    for: { type: 'string', description: 'How long it lasts, e.g. 2h', valueHint: 'DURATION' },
    zone: { type: 'string', description: 'Zone of local times, default UTC', valueHint: 'ZONE' },
    monitors: { type: 'string', description: 'Only these monitors, with commas between', valueHint: 'NAMES' },
    services: { type: 'string', description: 'Only alerts and SLOs of these services', valueHint: 'NAMES' },
    slos: { type: 'string', description: 'Only these SLOs', valueHint: 'NAMES' },
    environments: { type: 'string', description: 'Only these environments', valueHint: 'NAMES' },
    matchers: {
      type: 'string',
      description: 'Only alerts with these labels: team=shop,severity!=info',
      valueHint: 'MATCHERS',
    },
    reason: { type: 'string', description: 'What it is for', valueHint: 'TEXT' },
    mute: { type: 'boolean', description: 'Only mute alerts; monitors and SLOs go on counting' },
  },
  async run({ args }) {
    const { name, from, to, schedule, reason, zone } = args;
    const lists = ['days', 'monitors', 'services', 'slos', 'environments', 'matchers'] as const;
    const body = {
      ...{ name, from, to, schedule, for: args.for, reason, timeZone: zone, kind: args.mute ? 'mute' : 'maintenance' },
      ...Object.fromEntries(lists.flatMap((key) => (args[key] === undefined ? [] : [[key, listed(args[key])]]))),
    };
    const window = await withClient(readSettings(args), (client) =>
      client.post<PlannedWindow>('/api/v1/windows', body),
    );
    if (args.json) printJson(window);
    else process.stdout.write(`${window.id}  ${window.start} to ${window.end}\n`);
    return 0;
  },
});

const COLUMNS = [
  { heading: 'ID', cell: ({ id }: PlannedWindow) => id },
  { heading: 'NAME', cell: ({ name }: PlannedWindow) => name },
  { heading: 'KIND', cell: ({ kind }: PlannedWindow) => kind },
  { heading: 'STATE', cell: ({ state }: PlannedWindow) => state },
  { heading: 'START', cell: ({ start }: PlannedWindow) => (start ? shownTime(start) : '-') },
  { heading: 'END', cell: ({ end }: PlannedWindow) => (end ? shownTime(end) : '-') },
  { heading: 'WHEN', cell: ({ times, timeZone }: PlannedWindow) => `${times} ${timeZone}` },
  { heading: 'ABOUT', cell: aboutOf },
  { heading: 'BY', cell: ({ author }: PlannedWindow) => author ?? 'configuration' },
];

function aboutOf({ monitors, services, slos, environments, matchers }: PlannedWindow): string {
  const names = [...monitors, ...services, ...slos, ...matchers];
  const where = environments.length > 0 ? ` in ${environments.join(', ')}` : '';
  return `${names.length > 0 ? names.join(', ') : 'everything'}${where}`;
}

const list = defineCommand({
  meta: { name: 'yumops window list', description: 'List windows that are open or to come' },
  args: { ...platformArgs, all: { type: 'boolean', description: 'Also those that are over' } },
  async run({ args }) {
    const page = await withClient(readSettings(args), (client) => client.get<Page<PlannedWindow>>('/api/v1/windows'));
    const items = page.items.filter(({ state }) => args.all === true || state !== 'over');
    if (args.json) printJson({ ...page, items });
    else process.stdout.write(formatTable(COLUMNS, items) || 'Nothing is planned.\n');
    return 0;
  },
});

const end = defineCommand({
  meta: { name: 'yumops window end', description: 'End a window now, for good; what still fires is told' },
  args: {
    ...platformArgs,
    id: { type: 'positional', required: true, description: 'Id from `yumops window list`', valueHint: 'ID' },
  },
  async run({ args }) {
    await withClient(readSettings(args), (client) => client.delete(`/api/v1/windows/${encodeURIComponent(args.id)}`));
    if (args.json) printJson({ id: args.id, state: 'over' });
    else process.stdout.write(`Ended: ${args.id}.\n`);
    return 0;
  },
});

export const window = defineCommand({
  meta: { name: 'yumops window', description: 'Plan work that neither pages nor counts, and mute times' },
  subCommands: { add, list, end },
});
