import type { Page, Silence } from '@yumops/protocol';
import { defineCommand } from 'citty';
import { readSettings } from '../config/settings.ts';
import { systemClock } from '../lib/clock.ts';
import { parseDuration } from '../lib/duration.ts';
import { YumOpsError } from '../lib/errors.ts';
import { withClient } from './client.ts';
import { platformArgs, printJson } from './command.ts';
import { shownTime } from './shown-time.ts';
import { formatTable } from './table.ts';

const add = defineCommand({
  meta: { name: 'yumops silence add', description: 'Mute alerts; they stay visible, and ends are still told' },
  args: {
    ...platformArgs,
    matchers: {
      type: 'positional',
      required: true,
      description: 'Conditions on labels, all of which hold: \'service="api",route=~"/api/.*"\'',
      valueHint: 'MATCHERS',
    },
    reason: { type: 'string', required: true, description: 'What it is for', valueHint: 'TEXT' },
    for: { type: 'string', description: 'How long, e.g. 2h', valueHint: 'DURATION' },
    until: { type: 'string', description: 'When it ends, e.g. 2026-10-25T00:30:00Z', valueHint: 'TIME' },
    'until-resolved': { type: 'boolean', description: 'Until what matches now is resolved' },
    confirm: { type: 'boolean', description: 'Accept more than 30 days' },
  },
  async run({ args }) {
    const body = {
      matchers: splitMatchers(args.matchers),
      reason: args.reason,
      confirm: args.confirm === true,
      ...readEnd(args),
    };
    const silence = await withClient(readSettings(args), (client) => client.post<Silence>('/api/v1/silences', body));
    if (args.json) printJson(silence);
    else process.stdout.write(`${silence.id}\n`);
    return 0;
  },
});

/** The end in the form of the API; exactly one of the three ways must be given. */
function readEnd(args: {
  for?: string | undefined;
  until?: string | undefined;
  'until-resolved'?: boolean | undefined;
}) {
  const given = [args.for, args.until, args['until-resolved'] || undefined].filter((way) => way !== undefined);
  if (given.length !== 1) throw wrongUse('Give one of --for, --until and --until-resolved.');
  if (args['until-resolved']) return { untilResolved: true };
  if (args.until !== undefined) return { end: args.until };
  const duration = parseDuration(args.for ?? '');
  if (duration === undefined) throw wrongUse(`--for "${args.for}" is not a duration.`);
  return { end: new Date(systemClock.now() + duration).toISOString() };
}

/** Splits at commas outside of quotes; braces around the whole may be left out. */
function splitMatchers(text: string): string[] {
  const inner = /^\s*\{(.*)\}\s*$/s.exec(text)?.[1] ?? text;
  return (inner.match(/(?:"(?:[^"\\]|\\.)*"|[^,"])+/gs) ?? []).map((part) => part.trim()).filter((part) => part !== '');
}

function wrongUse(message: string): YumOpsError {
  return new YumOpsError('wrong_use', message, { hint: 'See `yumops silence add --help`.', status: 400 });
}

function shownUntil({ endedAt, endsAt }: Silence): string {
  const end = endedAt ?? endsAt;
  return end === null ? 'resolved' : shownTime(end);
}

const COLUMNS = [
  { heading: 'ID', cell: (silence: Silence) => silence.id },
  { heading: 'STATE', cell: (silence: Silence) => silence.state },
  { heading: 'UNTIL', cell: (silence: Silence) => shownUntil(silence) },
  { heading: 'MATCHERS', cell: (silence: Silence) => silence.matchers.join(',') },
  { heading: 'BY', cell: (silence: Silence) => silence.author },
  { heading: 'REASON', cell: (silence: Silence) => silence.reason },
];

const list = defineCommand({
  meta: { name: 'yumops silence list', description: 'List silences that last or are to come' },
  args: { ...platformArgs, all: { type: 'boolean', description: 'Also those that are over' } },
  async run({ args }) {
    const page = await withClient(readSettings(args), (client) => client.get<Page<Silence>>('/api/v1/silences'));
    const items = page.items.filter(({ state }) => args.all === true || state !== 'ended');
    if (args.json) printJson({ ...page, items });
    else process.stdout.write(formatTable(COLUMNS, items) || 'No silences.\n');
    return 0;
  },
});

const end = defineCommand({
  meta: { name: 'yumops silence end', description: 'End a silence now; what still fires is told' },
  args: {
    ...platformArgs,
    id: { type: 'positional', required: true, description: 'Id from `yumops silence list`', valueHint: 'ID' },
  },
  async run({ args }) {
    await withClient(readSettings(args), (client) => client.delete(`/api/v1/silences/${encodeURIComponent(args.id)}`));
    if (args.json) printJson({ id: args.id, state: 'ended' });
    else process.stdout.write(`Ended: ${args.id}.\n`);
    return 0;
  },
});

export const silence = defineCommand({
  meta: { name: 'yumops silence', description: 'Mute alerts for a time' },
  subCommands: { add, list, end },
});
