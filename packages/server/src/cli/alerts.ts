import type { Alert, Page } from '@yumops/protocol';
import { defineCommand } from 'citty';
import { readSettings } from '../config/settings.ts';
import { withClient } from './client.ts';
import { platformArgs, printJson } from './command.ts';
import { shownTime } from './shown-time.ts';
import { formatTable } from './table.ts';

const COLUMNS = [
  { heading: 'ID', cell: (alert: Alert) => alert.id },
  { heading: 'STATE', cell: (alert: Alert) => alert.state },
  { heading: 'SEVERITY', cell: (alert: Alert) => alert.severity },
  { heading: 'SINCE', cell: (alert: Alert) => shownTime(alert.startedAt) },
  { heading: 'RULE', cell: (alert: Alert) => alert.rule },
  { heading: 'ACKNOWLEDGED', cell: (alert: Alert) => alert.acknowledgedBy ?? '-' },
  { heading: 'WHAT', cell: (alert: Alert) => alert.summary },
];

export const alerts = defineCommand({
  meta: { name: 'yumops alerts', description: 'List alerts; exit 1 when one is firing' },
  args: {
    ...platformArgs,
    state: {
      type: 'enum',
      options: ['firing', 'pending', 'resolved', 'all'],
      default: 'firing',
      description: 'Which alerts',
    },
  },
  async run({ args }) {
    const state = args.state === 'all' ? undefined : args.state;
    const page = await withClient(readSettings(args), (client) => client.get<Page<Alert>>('/api/v1/alerts', { state }));
    if (args.json) printJson(page);
    else process.stdout.write(formatTable(COLUMNS, page.items) || `No ${state ?? ''} alerts.\n`.replace('  ', ' '));
    return page.items.some((alert) => alert.state === 'firing') ? 1 : 0;
  },
});
