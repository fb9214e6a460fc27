import type { Checklist, ChecklistDetail, ChecklistMark, Page, RunbookDetail, RunbookItem } from '@yumops/protocol';
import { defineCommand } from 'citty';
import { readSettings } from '../config/settings.ts';
import { YumOpsError } from '../lib/errors.ts';
import { withClient } from './client.ts';
import { platformArgs, printJson } from './command.ts';
import { listed } from './listed.ts';
import { shownTime } from './shown-time.ts';
import { formatTable } from './table.ts';

type Settings = Parameters<typeof readSettings>[0];

const CHECKLISTS = '/api/v1/checklists';
const path = (id: string) => `${CHECKLISTS}/${encodeURIComponent(id)}`;
const idArg = {
  id: { type: 'positional', required: true, description: 'Id from `yumops procedure list`', valueHint: 'ID' },
} as const;

const KINDS = [
  { heading: 'PROCEDURE', cell: ({ id }: RunbookItem) => id },
  { heading: 'STEPS', cell: ({ steps }: RunbookItem) => String(steps), align: 'right' as const },
  { heading: 'TITLE', cell: ({ title }: RunbookItem) => title },
];

const BEGUN = [
  { heading: 'ID', cell: ({ id }: Checklist) => id },
  { heading: 'STATE', cell: ({ state }: Checklist) => state },
  { heading: 'STEPS', cell: ({ marked, steps }: Checklist) => `${marked} of ${steps}` },
  { heading: 'BEGUN', cell: ({ startedAt }: Checklist) => shownTime(startedAt) },
  { heading: 'BY', cell: ({ startedBy }: Checklist) => startedBy },
  { heading: 'TITLE', cell: ({ title, result }: Checklist) => `${title}${result === '' ? '' : `: ${result}`}` },
];

const list = defineCommand({
  meta: { name: 'yumops procedure list', description: 'List procedures, and those that go on; --all = ended ones too' },
  args: { ...platformArgs, all: { type: 'boolean', description: 'Also those that have ended' } },
  async run({ args }) {
    const [kinds, begun] = await withClient(readSettings(args), async (client) => [
      (await client.get<Page<RunbookItem>>('/api/v1/runbooks')).items.filter(({ kind }) => kind === 'procedure'),
      (await client.get<Page<Checklist>>(CHECKLISTS, { kind: 'procedure', limit: '200' })).items,
    ]);
    const shown = begun.filter(({ state }) => args.all === true || state === 'open');
    if (args.json) printJson({ procedures: kinds, items: shown });
    else {
      const none = args.all ? 'None was begun so far.\n' : 'None goes on.\n';
      process.stdout.write(`${formatTable(KINDS, kinds) || 'No procedures.\n'}\n${formatTable(BEGUN, shown) || none}`);
    }
    return 0;
  },
});

const show = defineCommand({
  meta: { name: 'yumops procedure show', description: 'Show the steps of one that goes on or has ended' },
  args: { ...platformArgs, ...idArg },
  async run({ args }) {
    say(args.json, await withClient(readSettings(args), (client) => client.get<ChecklistDetail>(path(args.id))));
    return 0;
  },
});

const start = defineCommand({
  meta: {
    name: 'yumops procedure start',
    description: 'Begin planned work: mute its alerts, leave its time out of objectives, tell visitors',
  },
  args: {
    ...platformArgs,
    procedure: { type: 'positional', required: true, description: 'Such as deploy or migrate', valueHint: 'PROCEDURE' },
    for: { type: 'string', default: '30m', description: 'How long it takes', valueHint: 'DURATION' },
    mute: {
      type: 'boolean',
      description: 'Alerts wait meanwhile, and the time counts for no monitor and no objective',
    },
    services: { type: 'string', description: 'Only those of these services; implies --mute', valueHint: 'NAMES' },
    monitors: { type: 'string', description: 'Only those of these monitors; implies --mute', valueHint: 'NAMES' },
    reason: { type: 'string', description: 'What it is for', valueHint: 'TEXT' },
    notice: { type: 'string', description: 'Title of a notice on the status page', valueHint: 'TITLE' },
    text: { type: 'string', description: 'What the notice says; needed with --notice', valueHint: 'TEXT' },
    components: { type: 'string', description: 'Components of the status page it is about', valueHint: 'IDS' },
  },
  async run({ args }) {
    const muted = args.mute === true || args.services !== undefined || args.monitors !== undefined;
    if (args.reason !== undefined && !muted) throw wrongUse('--reason belongs to --mute, --services or --monitors.');
    const body = {
      ...{ procedure: args.procedure, for: args.for },
      ...(muted && {
        window: {
          ...(args.reason !== undefined && { reason: args.reason }),
          ...(args.services !== undefined && { services: listed(args.services) }),
          ...(args.monitors !== undefined && { monitors: listed(args.monitors) }),
        },
      }),
      ...noticeOf(args),
    };
    const begun = await withClient(readSettings(args), (client) =>
      client.post<ChecklistDetail>('/api/v1/procedures', body),
    );
    say(args.json, begun);
    return 0;
  },
});

function noticeOf(args: Record<'notice' | 'text' | 'components', string | undefined>) {
  const { notice, text, components } = args;
  if (notice === undefined && text === undefined && components === undefined) return {};
  if (notice === undefined || text === undefined) throw wrongUse('A notice has both --notice TITLE and --text TEXT.');
  return { notice: { title: notice, body: text, components: listed(components ?? '') } };
}

function wrongUse(message: string): YumOpsError {
  return new YumOpsError('wrong_use', message, { hint: 'See `yumops procedure start --help`.', status: 400 });
}

const STATES = ['done', 'skipped', 'failed', 'open'] as const;

const step = defineCommand({
  meta: { name: 'yumops procedure step', description: 'Mark a step; --as open takes its mark away' },
  args: {
    ...platformArgs,
    ...idArg,
    step: { type: 'positional', required: true, description: 'Its number, from 1', valueHint: 'STEP' },
    as: { type: 'enum', options: [...STATES], default: 'done', description: 'What came of it' },
    note: { type: 'string', description: 'In a sentence', valueHint: 'TEXT' },
  },
  async run({ args }) {
    const number = Number(args.step);
    if (!Number.isInteger(number) || number < 1) throw wrongUse(`"${args.step}" is no number of a step.`);
    const body = { state: args.as === 'open' ? null : args.as, note: args.note ?? '' };
    const marked = await send(args, `${path(args.id)}/steps/${number - 1}`, body);
    if (args.json) printJson(marked);
    else process.stdout.write(`${lineOf(stepsOf(marked)[number - 1], marked.marks)}\n`);
    return 0;
  },
});

const finish = defineCommand({
  meta: {
    name: 'yumops procedure finish',
    description: 'End it with its window and its notice; exit 1 when it counts as done with steps open or failed',
  },
  args: {
    ...platformArgs,
    ...idArg,
    result: { type: 'string', description: 'What came of it', valueHint: 'TEXT' },
    abandon: { type: 'boolean', description: 'It was given up' },
  },
  async run({ args }) {
    const body = { state: args.abandon === true ? 'abandoned' : 'done', result: args.result ?? '' };
    const ended = await send(args, `/api/v1/procedures/${encodeURIComponent(args.id)}/end`, body);
    say(args.json, ended);
    const good = ended.marks.filter(({ state }) => state !== 'failed').length;
    return ended.state === 'done' && good < ended.steps ? 1 : 0;
  },
});

const send = (args: Settings, to: string, body: object) =>
  withClient(readSettings(args), (client) => client.post<ChecklistDetail>(to, body));

function say(json: boolean | undefined, list: ChecklistDetail): void {
  if (json) {
    printJson(list);
    return;
  }
  const { id, title, state, result, window, notice, startedBy, startedAt } = list;
  const along = [
    window === null ? 'alerts are not muted' : `window ${window}`,
    notice === null ? 'visitors are not told' : `notice ${notice}`,
  ];
  const lines = [
    `${id}  ${title}: ${state}${result === '' ? '' : `, ${result}`}`,
    `Begun by ${startedBy} at ${shownTime(startedAt)}; ${along.join(', ')}.`,
    '',
    ...stepsOf(list).map((part) => lineOf(part, list.marks)),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

type Step = Extract<RunbookDetail['parts'][number], { type: 'step' }>;

const stepsOf = ({ parts }: ChecklistDetail) => parts.flatMap((part) => (part.type === 'step' ? [part] : []));

const SIGNS: Record<ChecklistMark['state'], string> = { done: 'x', skipped: '-', failed: '!' };

function lineOf(part: Step | undefined, marks: readonly ChecklistMark[]): string {
  if (!part) return '';
  const mark = marks.find(({ step: marked }) => marked === part.step);
  const text = part.markdown.replaceAll(/\[([^\]]+)\]\((?:action:)?[^)]*\)/g, '$1').replaceAll(/\s+/g, ' ');
  const said = mark && `  (${mark.state} by ${mark.by}${mark.note === '' ? '' : `: ${mark.note}`})`;
  return `${String(part.step + 1).padStart(3)} [${mark ? SIGNS[mark.state] : ' '}] ${text}${said ?? ''}`;
}

export const procedure = defineCommand({
  meta: { name: 'yumops procedure', description: 'Planned work by a checklist: list, begin, mark steps, finish' },
  subCommands: { list, show, start, step, finish },
});
