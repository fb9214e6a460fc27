import type { InstanceItem, Page } from '@yumops/protocol';
import { defineCommand } from 'citty';
import { readSettings } from '../config/settings.ts';
import { withClient } from './client.ts';
import { platformArgs, printJson } from './command.ts';
import { shownTime } from './shown-time.ts';
import { formatTable } from './table.ts';

const COLUMNS = [
  { heading: 'INSTANCE', cell: ({ name }: InstanceItem) => name },
  {
    heading: 'ROLES',
    cell: ({ roles, caretaker }: InstanceItem) => `${roles.join(',')}${caretaker ? ' (caretaker)' : ''}`,
  },
  { heading: 'STATE', cell: ({ state }: InstanceItem) => state },
  { heading: 'VERSION', cell: ({ version }: InstanceItem) => version },
  { heading: 'ADDRESS', cell: ({ url }: InstanceItem) => url },
  { heading: 'SEEN', cell: ({ seenAt }: InstanceItem) => shownTime(seenAt) },
  { heading: 'PROBLEM', cell: ({ problems }: InstanceItem) => problems[0] ?? '' },
];

export const instances = defineCommand({
  meta: {
    name: 'yumops instances',
    description: 'List the instances of the platform; exit 1 when one is away or has a problem',
  },
  args: { ...platformArgs },
  async run({ args }) {
    const page = await withClient(readSettings(args), (client) => client.get<Page<InstanceItem>>('/api/v1/instances'));
    if (args.json) printJson(page);
    else process.stdout.write(formatTable(COLUMNS, page.items) || 'No platform runs.\n');
    return page.items.some(({ state, problems }) => state === 'away' || problems.length > 0) ? 1 : 0;
  },
});
