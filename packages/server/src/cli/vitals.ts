import type { VitalComparison, VitalSample, VitalsComparison } from '@yumops/protocol';
import { defineCommand } from 'citty';
import { readSettings } from '../config/settings.ts';
import { systemClock } from '../lib/clock.ts';
import { parseDuration } from '../lib/duration.ts';
import { YumOpsError } from '../lib/errors.ts';
import { withClient } from './client.ts';
import { platformArgs, printJson } from './command.ts';
import { formatTable } from './table.ts';

const VERDICTS: Record<VitalComparison['verdict'], string> = {
  better: 'better',
  worse: 'WORSE',
  'no-difference': 'no clear difference',
  'too-few': 'too few page views',
};

function withUnit(name: string, value: number): string {
  return name === 'CLS' ? value.toFixed(3) : `${Math.round(value)} ms`;
}

function sampleOf(name: string, sample: VitalSample | null): string {
  if (!sample) return '-';
  return `${withUnit(name, sample.p75)} (${withUnit(name, sample.low)} to ${withUnit(name, sample.high)})`;
}

function differenceOf({ name, difference, share }: VitalComparison): string {
  if (difference === null) return '-';
  const sign = difference > 0 ? '+' : '';
  const percent = share === null ? '' : ` (${share > 0 ? '+' : ''}${Math.round(share * 100)} %)`;
  return `${sign}${withUnit(name, difference)}${percent}`;
}

const right = 'right' as const;

function columns(before: string, after: string) {
  const views = (sample: VitalSample | null) => (sample?.count ?? 0).toLocaleString('en');
  return [
    { heading: 'VITAL', cell: ({ name }: VitalComparison) => name },
    { heading: `P75 OF ${before}`, cell: (one: VitalComparison) => sampleOf(one.name, one.before), align: right },
    { heading: 'VIEWS', cell: (one: VitalComparison) => views(one.before), align: right },
    { heading: `P75 OF ${after}`, cell: (one: VitalComparison) => sampleOf(one.name, one.after), align: right },
    { heading: 'VIEWS', cell: (one: VitalComparison) => views(one.after), align: right },
    { heading: 'DIFFERENCE', cell: differenceOf, align: right },
    { heading: 'VERDICT', cell: ({ verdict }: VitalComparison) => VERDICTS[verdict] },
  ];
}

function startOf(since: string): string {
  const span = parseDuration(since);
  if (span !== undefined) return new Date(systemClock.now() - span).toISOString();
  throw new YumOpsError('wrong_use', `"${since}" is not a duration.`, { hint: 'Write 12h, 2d or 30d.' });
}

const compare = defineCommand({
  meta: {
    name: 'yumops vitals compare',
    description: 'Compare the web vitals of two releases, by default the newest two; exit 1 when one is clearly worse',
  },
  args: {
    ...platformArgs,
    before: { type: 'string', description: 'The earlier release', valueHint: 'RELEASE' },
    after: { type: 'string', description: 'The later release', valueHint: 'RELEASE' },
    route: { type: 'string', description: 'Page views of this route alone', valueHint: 'ROUTE' },
    device: { type: 'string', description: 'Page views on this kind of device alone', valueHint: 'DEVICE' },
    country: { type: 'string', description: 'Page views from this country alone', valueHint: 'CODE' },
    since: { type: 'string', default: '7d', description: 'How far back: 12h, 2d, 30d', valueHint: 'DURATION' },
  },
  async run({ args }) {
    const { before, after, route, device, country } = args;
    const query = { before, after, route, device, country, from: startOf(args.since) };
    const answer = await withClient(readSettings(args), (client) =>
      client.get<VitalsComparison>('/api/v1/vitals/compare', query),
    );
    if (args.json) printJson(answer);
    else process.stdout.write(textOf(answer));
    return answer.items.some(({ verdict }) => verdict === 'worse') ? 1 : 0;
  },
});

function textOf({ before, after, items, releases }: VitalsComparison): string {
  if (before === null || after === null) {
    return `${releases.length === 0 ? 'No release has' : `Only ${releases[0]?.release} has`} page views in this time.\n`;
  }
  return formatTable(columns(before, after), items) || `Neither ${before} nor ${after} has page views in this time.\n`;
}

export const vitals = defineCommand({
  meta: { name: 'yumops vitals', description: 'What visitors see of speed' },
  subCommands: { compare },
});
