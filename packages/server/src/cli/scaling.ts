import type { CapacityFigure, CapacityResource, CapacityUnit, ScalingReport } from '@yumops/protocol';
import { defineCommand } from 'citty';
import { formatFindings } from '../config/format.ts';
import { readSettings } from '../config/settings.ts';
import { withClient } from './client.ts';
import { platformArgs, printJson } from './command.ts';
import { check } from './scaling/check.ts';
import { generate } from './scaling/generate.ts';
import { formatTable } from './table.ts';

const right = 'right' as const;
const BYTES = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

const short = (value: number) => Number(value.toPrecision(3)).toLocaleString('en', { maximumFractionDigits: 3 });

/** Bytes in steps of 1,024, as the console writes them. */
function bytes(value: number): string {
  const step = Math.min(BYTES.length - 1, Math.floor(Math.log2(Math.max(1, Math.abs(value))) / 10));
  return `${short(value / 1_024 ** step)} ${BYTES[step]}`;
}

function quantity(value: number | null, unit: CapacityUnit | CapacityFigure['unit']): string {
  if (value === null) return '-';
  if (unit.startsWith('B')) return `${bytes(value)}${unit.slice(1)}`;
  return unit === '' ? short(value) : `${short(value)} ${unit}`;
}

/** What is said of a resource, without its title. */
const outlook = ({ sentence, title }: CapacityResource) => sentence.slice(title.length + 2, -1);

const RESOURCES = [
  { heading: 'RESOURCE', cell: ({ id }: CapacityResource) => id },
  { heading: 'NOW', cell: ({ current, unit }: CapacityResource) => quantity(current, unit), align: right },
  { heading: 'LIMIT', cell: ({ limit, unit }: CapacityResource) => quantity(limit, unit), align: right },
  {
    heading: 'A DAY',
    cell: ({ growthPerDay, unit }: CapacityResource) => quantity(growthPerDay?.value ?? null, unit),
    align: right,
  },
  { heading: 'SAMPLES', cell: ({ samples }: CapacityResource) => String(samples), align: right },
  { heading: 'OUTLOOK', cell: outlook },
];

const FIGURES = [
  { heading: 'FIGURE', cell: ({ group, of }: CapacityFigure) => [group, of].filter((part) => part !== '').join(' ') },
  { heading: 'WHAT', cell: ({ label }: CapacityFigure) => label },
  { heading: 'VALUE', cell: ({ value, unit }: CapacityFigure) => quantity(value, unit), align: right },
  { heading: 'SAMPLES', cell: ({ samples }: CapacityFigure) => samples.toLocaleString('en'), align: right },
];

function textOf({ resources, figures, recommendations, vercel, problems }: ScalingReport): string {
  const parts = [
    formatTable(RESOURCES, resources) ||
      'Nothing was measured yet: the first levels come within a minute of the start.\n',
    formatTable(FIGURES, figures),
    recommendations
      .map(({ title, setting, current, recommended, reason, cost, costNote }) => {
        const price = cost === null ? '' : `${cost.perMonth} ${cost.currency} a month: `;
        return `→ ${title}\n  ${setting}: ${current} → ${recommended}\n  ${reason}\n  ${price}${costNote}\n`;
      })
      .join('\n'),
    vercel === null ? '' : formatFindings(vercel.findings),
    problems.map(({ source, message }) => `Not measured: ${source}: ${message}\n`).join(''),
  ];
  return parts.filter((part) => part !== '').join('\n');
}

/** Whether somebody should do something: a limit within 30 days, or a finding that is more than a note. */
function needsWork({ resources, vercel }: ScalingReport): boolean {
  const near = resources.some(
    ({ outlook: { state, ...rest } }) =>
      state === 'full' || (state === 'limit' && 'days' in rest && rest.days !== null && rest.days < 30),
  );
  return near || (vercel?.findings.some(({ severity }) => severity !== 'info') ?? false);
}

export const scaling = defineCommand({
  meta: {
    name: 'yumops scaling',
    description:
      'Show days to each limit, measured figures and recommended settings; exit 1 when a limit is within 30 days or vercel.json has findings',
  },
  args: { ...platformArgs },
  subCommands: { check, generate },
  async run({ args }) {
    const report = await withClient(readSettings(args), (client) => client.get<ScalingReport>('/api/v1/scaling'));
    if (args.json) printJson(report);
    else process.stdout.write(textOf(report));
    return needsWork(report) ? 1 : 0;
  },
});
