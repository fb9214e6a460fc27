import type { Monitor, Page } from '@yumops/protocol';
import { defineCommand } from 'citty';
import { readSettings } from '../config/settings.ts';
import { withClient } from './client.ts';
import { platformArgs, printJson } from './command.ts';
import { monitorsImport } from './monitors-import.ts';
import { formatTable } from './table.ts';

const latest = (monitor: Monitor) => monitor.recent.at(-1) ?? null;

const COLUMNS = [
  { heading: 'STATE', cell: (monitor: Monitor) => monitor.state },
  { heading: 'NAME', cell: (monitor: Monitor) => monitor.name },
  { heading: 'KIND', cell: (monitor: Monitor) => monitor.kind },
  {
    heading: '90 DAYS',
    cell: (monitor: Monitor) => (monitor.uptime90d === null ? '-' : `${monitor.uptime90d.toFixed(2)} %`),
    align: 'right' as const,
  },
  {
    heading: 'LATEST',
    cell: (monitor: Monitor) => {
      const duration = latest(monitor);
      return duration === null ? '-' : `${Math.round(duration)} ms`;
    },
    align: 'right' as const,
  },
  {
    heading: 'TARGET',
    cell: (monitor: Monitor) => (monitor.rewrittenTo ? `${monitor.url} → ${monitor.rewrittenTo}` : monitor.url),
  },
  { heading: 'WHY', cell: (monitor: Monitor) => monitor.reason ?? '' },
];

export const monitors = defineCommand({
  meta: { name: 'yumops monitors', description: 'List uptime monitors; exit 1 when one is down' },
  args: platformArgs,
  subCommands: { import: monitorsImport },
  async run({ args }) {
    const page = await withClient(readSettings(args), (client) =>
      client.get<Page<Monitor>>('/api/v1/monitors', { limit: '5000' }),
    );
    if (args.json) printJson(page);
    else process.stdout.write(formatTable(COLUMNS, page.items) || 'No monitors are configured.\n');
    return page.items.some((monitor) => monitor.state === 'down') ? 1 : 0;
  },
});
