import type { Page, SloItem } from '@yumops/protocol';
import { defineCommand } from 'citty';
import { readSettings } from '../config/settings.ts';
import { formatDuration } from '../lib/duration.ts';
import { withClient } from './client.ts';
import { platformArgs, printJson } from './command.ts';
import { shownTime } from './shown-time.ts';
import { formatTable } from './table.ts';

const right = 'right' as const;

const COLUMNS = [
  { heading: 'SLO', cell: ({ name }: SloItem) => name },
  { heading: 'STATE', cell: ({ state }: SloItem) => state },
  { heading: 'TARGET', cell: ({ target, window }: SloItem) => `${target} % / ${window}`, align: right },
  { heading: 'ATTAINED', cell: ({ attained }: SloItem) => (attained === null ? '-' : `${attained} %`), align: right },
  { heading: 'BUDGET LEFT', cell: ({ budget }: SloItem) => `${budget.remaining} %`, align: right },
  {
    heading: 'BURN 1H',
    cell: ({ burnRate }: SloItem) => (burnRate === null ? '-' : `${short(burnRate)}×`),
    align: right,
  },
  { heading: 'USED UP', cell: ({ budget }: SloItem) => (budget.exhaustedAt ? shownTime(budget.exhaustedAt) : '-') },
  { heading: 'OUTAGE PAGES AFTER', cell: outagePage, align: right },
];

function short(rate: number): number {
  return Number(rate.toPrecision(3));
}

function outagePage({ timeToPage }: SloItem): string {
  const seconds = timeToPage[0]?.seconds ?? null;
  return seconds === null ? '-' : formatDuration(seconds * 1_000);
}

export const slos = defineCommand({
  meta: {
    name: 'yumops slos',
    description: 'Show objectives and their error budgets; exit 1 when one burns too fast or is used up',
  },
  args: { ...platformArgs },
  async run({ args }) {
    const page = await withClient(readSettings(args), (client) => client.get<Page<SloItem>>('/api/v1/slos'));
    if (args.json) printJson(page);
    else process.stdout.write(formatTable(COLUMNS, page.items) || 'No objectives: add slos to the configuration.\n');
    return page.items.some(({ state }) => state === 'burning' || state === 'exhausted') ? 1 : 0;
  },
});
