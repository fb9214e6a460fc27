import { defineCommand } from 'citty';
import { readSettings } from '../config/settings.ts';
import { systemClock } from '../lib/clock.ts';
import { formatDuration, parseDuration } from '../lib/duration.ts';
import { YumOpsError } from '../lib/errors.ts';
import { didYouMean } from '../lib/nearest.ts';
import { loadUsableConfig } from '../main/config.ts';
import type { Bucket, BucketSource, Excluded, RuleConfig } from '../respond/alerting/index.ts';
import { type Replay, replayRule } from '../respond/simulate/index.ts';
import { plannedBy } from '../respond/windows/index.ts';
import { type Client, withClient } from './client.ts';
import { platformArgs, printJson } from './command.ts';
import { configurationPath } from './running-findings.ts';
import { formatTable } from './table.ts';

/** What rules read is kept so long. */
const LONGEST_MS = 7 * 86_400_000;

export const replay = defineCommand({
  meta: {
    name: 'yumops replay',
    description: 'What a rule, or a changed rule, would have done over stored history',
  },
  args: {
    ...platformArgs,
    rule: { type: 'string', required: true, description: 'Name of the rule', valueHint: 'NAME' },
    since: { type: 'string', default: '7d', description: 'How far back, at most 7d', valueHint: 'DURATION' },
    against: {
      type: 'string',
      description: 'Configuration with the changed rule, to compare with the one in use',
      valueHint: 'DIR|FILE',
    },
  },
  async run({ args }) {
    const settings = readSettings(args);
    const to = systemClock.now();
    const from = to - readSince(args.since);
    const read = (path: string | undefined) => {
      const { config } = loadUsableConfig(path, settings.env);
      const slos = config.slos.map(({ name, indicator: { labels } }) => ({ name, labels }));
      return { rule: ruleOf(config.rules, args.rule), planned: plannedBy(config.windows, slos) };
    };
    const rules = [
      read(await configurationPath(settings)),
      ...(args.against === undefined ? [] : [read(args.against)]),
    ];
    const replays = await withClient(settings, async (client) => {
      const done: Replay[] = [];
      for (const { rule, planned } of rules) {
        const excluded: Excluded = (slo, start, end) => planned.excludedOf(slo, start, end);
        done.push(await replayRule(rule, remoteBuckets(client), { from, to, excluded }));
      }
      return done;
    });
    const [before, after] = replays.map(toAnswer);
    if (!before) return 1;
    if (args.json) printJson(after ? { ...before, against: after } : before);
    else
      process.stdout.write(
        after ? `${format(before)}\nChanged:\n\n${format(after)}\n${compare(before, after)}` : format(before),
      );
    return 0;
  },
});

function readSince(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms > 0 && ms <= LONGEST_MS) return ms;
  throw new YumOpsError('wrong_use', `"${text}" is not a time to look back.`, {
    hint: 'Write for example 12h or 7d; what rules read is kept for 7 days.',
    status: 400,
  });
}

function ruleOf(rules: readonly RuleConfig[], name: string): RuleConfig {
  const rule = rules.find((one) => one.name === name || one.id === name);
  if (rule) return rule;
  const names = rules.map((one) => one.name);
  const hint = didYouMean(name, names) ?? (names.length > 0 ? `Rules are ${names.join(', ')}.` : undefined);
  throw new YumOpsError('rule_not_found', `There is no rule "${name}".`, { status: 404, ...(hint && { hint }) });
}

/** What rules read, through the platform's API. */
function remoteBuckets(client: Client): BucketSource {
  return {
    async read({ series, dimensions, from, to, widthMs, classes }) {
      const { items } = await client.get<{ items: Bucket[] }>('/api/v1/rule-buckets', {
        ...{ series, dimensions: dimensions.join(','), from: String(from), to: String(Math.ceil(to)) },
        ...{ width: String(widthMs), classes: String(classes) },
      });
      return items;
    },
  };
}

interface Answer {
  rule: string;
  sentence: string;
  from: string;
  to: string;
  evaluations: number;
  fired: number;
  flaps: number;
  firingSeconds: number;
  longestSeconds: number;
  episodes: {
    labels: Readonly<Record<string, string>>;
    start: string;
    end: string | null;
    seconds: number;
    flaps: number;
    reason: string;
  }[];
}

function toAnswer({ rule, sentence, from, to, evaluations, episodes }: Replay): Answer {
  const shown = episodes.map(({ labels, start, end, flaps, reason }) => ({
    labels,
    start: new Date(start).toISOString(),
    end: end === null ? null : new Date(end).toISOString(),
    seconds: Math.round(((end ?? to) - start) / 1_000),
    flaps,
    reason,
  }));
  return {
    ...{ rule, sentence, from: new Date(from).toISOString(), to: new Date(to).toISOString(), evaluations },
    fired: shown.length,
    flaps: shown.reduce((sum, { flaps }) => sum + flaps, 0),
    firingSeconds: shown.reduce((sum, { seconds }) => sum + seconds, 0),
    longestSeconds: Math.max(0, ...shown.map(({ seconds }) => seconds)),
    episodes: shown,
  };
}

type Episode = Answer['episodes'][number];

const COLUMNS = [
  { heading: 'FIRED', cell: ({ start }: Episode) => start },
  { heading: 'FOR', cell: ({ seconds }: Episode) => formatDuration(seconds * 1_000), align: 'right' as const },
  { heading: 'FLAPS', cell: ({ flaps }: Episode) => String(flaps), align: 'right' as const },
  {
    heading: 'LABELS',
    cell: ({ labels }: Episode) =>
      Object.entries(labels)
        .map(([name, value]) => `${name}=${value}`)
        .join(' ') || '-',
  },
  { heading: 'WHY', cell: ({ reason, end }: Episode) => (end === null ? `${reason}; it still fires` : reason) },
];

function format({ rule, sentence, from, to, fired, flaps, firingSeconds, episodes }: Answer): string {
  const span = formatDuration(Date.parse(to) - Date.parse(from));
  const total = `${rule}: fired ${fired}× in ${span}, ${formatDuration(firingSeconds * 1_000)} in all, ${flaps} flaps.`;
  return `${sentence}\n${total}\n${formatTable(COLUMNS, episodes)}`;
}

function compare(before: Answer, after: Answer): string {
  return `Would have paged ${before.fired}×, now ${after.fired}×.\n`;
}
