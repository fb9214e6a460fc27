import type { Incident, IncidentDetail, IncidentStatistics, IncidentStatus, Page, Postmortem } from '@yumops/protocol';
import { defineCommand } from 'citty';
import { readSettings } from '../config/settings.ts';
import { systemClock } from '../lib/clock.ts';
import { formatDuration } from '../lib/duration.ts';
import { YumOpsError } from '../lib/errors.ts';
import { withClient } from './client.ts';
import { platformArgs, printJson } from './command.ts';
import { instantOf } from './instant.ts';
import { listed } from './listed.ts';
import { shownTime } from './shown-time.ts';
import { formatTable } from './table.ts';

const path = (id: string, rest = '') => `/api/v1/incidents/${encodeURIComponent(id)}${rest}`;
const id = {
  type: 'positional',
  required: true,
  description: 'Number or id from `yumops incident list`',
  valueHint: 'ID',
} as const;

const COLUMNS = [
  { heading: 'NO', cell: ({ number }: Incident) => String(number), align: 'right' as const },
  { heading: 'STATUS', cell: ({ status, unowned }: Incident) => (unowned ? `${status}, unowned` : status) },
  { heading: 'SEVERITY', cell: ({ severity, drill }: Incident) => `${severity}${drill ? ' (drill)' : ''}` },
  { heading: 'DECLARED', cell: ({ declaredAt }: Incident) => shownTime(declaredAt) },
  { heading: 'BY', cell: ({ declaredBy }: Incident) => declaredBy },
  { heading: 'COMMANDER', cell: ({ roles }: Incident) => roles.commander ?? '-' },
  { heading: 'TITLE', cell: ({ title }: Incident) => title },
];

const list = defineCommand({
  meta: { name: 'yumops incident list', description: 'List incidents; exit 1 while one is open' },
  args: { ...platformArgs, all: { type: 'boolean', description: 'Also those that are over' } },
  async run({ args }) {
    const state = args.all ? 'all' : 'open';
    const page = await withClient(readSettings(args), (client) =>
      client.get<Page<Incident>>('/api/v1/incidents', { state, limit: '200' }),
    );
    if (args.json) printJson(page);
    else process.stdout.write(formatTable(COLUMNS, page.items) || 'No incident is open.\n');
    const ended = new Set<IncidentStatus>(['resolved', 'closed', 'cancelled']);
    return page.items.some(({ status, drill }) => !ended.has(status) && !drill) ? 1 : 0;
  },
});

const show = defineCommand({
  meta: { name: 'yumops incident show', description: 'Show an incident with its timeline' },
  args: { ...platformArgs, id },
  async run({ args }) {
    const incident = await withClient(readSettings(args), (client) => client.get<IncidentDetail>(path(args.id)));
    if (args.json) printJson(incident);
    else process.stdout.write(textOf(incident));
    return 0;
  },
});

function textOf(incident: IncidentDetail): string {
  const { number, title, severity, status, drill, times, tasks, roles, unowned } = incident;
  const took = Object.entries(times).flatMap(([name, ms]) => (ms === null ? [] : [`${name} ${formatDuration(ms)}`]));
  const people = Object.entries(roles).map(([role, person]) => `${role} ${person}`);
  return [
    `Incident ${number}${drill ? ' (drill)' : ''}: ${title}`,
    `${severity}, ${status}${unowned ? ', unowned: everybody was told and nobody answered' : ''}${people.length > 0 ? `, ${people.join(', ')}` : ''}`,
    ...(took.length > 0 ? [`Took: ${took.join(', ')}`] : []),
    ...(incident.runbook === null ? [] : [`Runbook: ${incident.runbook}`]),
    '',
    ...incident.timeline.map(({ at, kind, actor, text }) => {
      return `${shownTime(at)}  ${kind.padEnd(15)} ${actor === null ? '' : `${actor}: `}${text}`;
    }),
    ...(tasks.length > 0 ? ['', 'Tasks'] : []),
    ...tasks.map(
      ({ title: task, doneAt, assignee }) =>
        `[${doneAt === null ? ' ' : 'x'}] ${task}${assignee === null ? '' : ` (${assignee})`}`,
    ),
    '',
  ].join('\n');
}

const declare = defineCommand({
  meta: { name: 'yumops incident declare', description: 'Declare an incident' },
  args: {
    ...platformArgs,
    title: { type: 'positional', required: true, description: 'What is wrong, in one line', valueHint: 'TITLE' },
    severity: { type: 'string', description: 'critical, major (default) or minor', valueHint: 'SEVERITY' },
    summary: { type: 'string', description: 'What is known so far', valueHint: 'TEXT' },
    alert: { type: 'string', description: 'Ids of alerts that it is about, with commas between', valueHint: 'IDS' },
    began: { type: 'string', description: 'When the fault began, ISO 8601; default now', valueHint: 'TIME' },
    runbook: { type: 'string', description: 'Id of a runbook', valueHint: 'ID' },
    drill: { type: 'boolean', description: 'An exercise: it is marked everywhere and counts in no figure' },
  },
  async run({ args }) {
    const { title, severity, summary, runbook } = args;
    const body = {
      ...{ title, severity, summary, runbook, drill: args.drill === true },
      ...(args.alert !== undefined && { alerts: listed(args.alert) }),
      ...(args.began !== undefined && { startedAt: instantOf(args.began) }),
    };
    return act(args, (client) => client.post<IncidentDetail>('/api/v1/incidents', body), 'Declared');
  },
});

const ack = defineCommand({
  meta: { name: 'yumops incident ack', description: 'Take an incident and its alerts, which stops their escalation' },
  args: { ...platformArgs, id },
  run: ({ args }) => act(args, (client) => client.post<IncidentDetail>(path(args.id, '/ack'), { via: 'cli' }), 'Taken'),
});

const status = defineCommand({
  meta: {
    name: 'yumops incident status',
    description: 'Move an incident: investigating, identified, monitoring, resolved, closed or cancelled',
  },
  args: {
    ...platformArgs,
    id,
    status: { type: 'positional', required: true, description: 'The new status', valueHint: 'STATUS' },
    note: { type: 'string', description: 'Why, in a sentence', valueHint: 'TEXT' },
    at: { type: 'string', description: 'When it came about, ISO 8601; default now', valueHint: 'TIME' },
  },
  run: ({ args }) => {
    const body = {
      ...{ status: args.status, note: args.note },
      ...(args.at !== undefined && { at: instantOf(args.at) }),
    };
    return act(args, (client) => client.post<IncidentDetail>(path(args.id, '/status'), body), 'Moved');
  },
});

const comment = defineCommand({
  meta: { name: 'yumops incident comment', description: 'Add a comment to the timeline' },
  args: {
    ...platformArgs,
    id,
    text: { type: 'positional', required: true, description: 'The comment', valueHint: 'TEXT' },
  },
  run: ({ args }) =>
    act(args, (client) => client.post<IncidentDetail>(path(args.id, '/comments'), { text: args.text }), 'Noted'),
});

const postmortem = defineCommand({
  meta: { name: 'yumops incident postmortem', description: 'Print the postmortem in Markdown, or a draft of it' },
  args: { ...platformArgs, id },
  async run({ args }) {
    const found = await withClient(readSettings(args), (client) =>
      client.get<Postmortem>(path(args.id, '/postmortem')),
    );
    if (args.json) printJson(found);
    else process.stdout.write(found.text);
    return 0;
  },
});

const stats = defineCommand({
  meta: { name: 'yumops incident stats', description: 'How long detection, acknowledgement, mitigation and end took' },
  args: {
    ...platformArgs,
    days: { type: 'string', description: 'Over so many days, default 90', valueHint: 'N' },
  },
  async run({ args }) {
    const days = Number(args.days ?? 90);
    if (!(days > 0)) throw new YumOpsError('wrong_use', `"${args.days}" is not a number of days.`);
    const found = await withClient(readSettings(args), (client) => {
      const from = String(systemClock.now() - days * 86_400_000);
      return client.get<IncidentStatistics>('/api/v1/incidents/statistics', { from });
    });
    if (args.json) {
      printJson(found);
      return 0;
    }
    const rows = Object.entries(found.figures).map(([name, figure]) => ({ name, ...figure }));
    const shown = (ms: number | null) => (ms === null ? '-' : formatDuration(ms));
    const table = formatTable(
      [
        { heading: 'TIME TO', cell: (row: (typeof rows)[number]) => row.name },
        { heading: 'INCIDENTS', cell: (row) => String(row.count), align: 'right' },
        { heading: 'MEDIAN', cell: (row) => shown(row.median), align: 'right' },
        { heading: 'P90', cell: (row) => shown(row.p90), align: 'right' },
      ],
      rows,
    );
    process.stdout.write(`${found.incidents} incidents, ${found.open} open, ${found.reopened} reopened\n${table}`);
    return 0;
  },
});

type Args = Parameters<typeof readSettings>[0] & { json?: boolean | undefined };

async function act(
  args: Args,
  work: (client: Parameters<Parameters<typeof withClient>[1]>[0]) => Promise<IncidentDetail>,
  done: string,
): Promise<number> {
  const incident = await withClient(readSettings(args), work);
  if (args.json) printJson(incident);
  else process.stdout.write(`${done}: incident ${incident.number} (${incident.status}). ${incident.title}\n`);
  return 0;
}

export const incident = defineCommand({
  meta: { name: 'yumops incident', description: 'Incidents, from the fault to the postmortem' },
  subCommands: { list, show, declare, ack, status, comment, postmortem, stats },
});
