import type { Page, SecurityBlock, SecurityChallenge, SecurityDetection } from '@yumops/protocol';
import { defineCommand } from 'citty';
import { readSettings } from '../config/settings.ts';
import { withClient } from './client.ts';
import { platformArgs, printJson } from './command.ts';
import { findings, scan } from './security-findings.ts';
import { shownTime } from './shown-time.ts';
import { formatTable } from './table.ts';

const about = ({ ip, network, account }: SecurityDetection['keys']) =>
  [ip ?? network, account].filter((key) => key !== null).join(' | ') || 'everybody';

const DETECTIONS = [
  { heading: 'ID', cell: (item: SecurityDetection) => item.id },
  { heading: 'SEVERITY', cell: (item: SecurityDetection) => item.severity },
  { heading: 'ATTACK', cell: (item: SecurityDetection) => item.code },
  { heading: 'ABOUT', cell: (item: SecurityDetection) => about(item.keys) },
  { heading: 'EVENTS', cell: (item: SecurityDetection) => String(item.count), align: 'right' as const },
  { heading: 'LAST', cell: (item: SecurityDetection) => shownTime(item.lastAt) },
  { heading: 'EVIDENCE', cell: (item: SecurityDetection) => item.evidence.summary },
];

const detections = defineCommand({
  meta: { name: 'yumops security detections', description: 'List attacks; exit 1 when one is critical or high' },
  args: {
    ...platformArgs,
    code: { type: 'string', description: 'Only this kind, e.g. brute_force', valueHint: 'CODE' },
    ip: { type: 'string', description: 'Only of this address', valueHint: 'IP' },
    account: { type: 'string', description: 'Only of this account, hashed as events show it', valueHint: 'ACCOUNT' },
    since: { type: 'string', description: 'Only with an event since this time', valueHint: 'TIME' },
    limit: { type: 'string', description: 'How many, default 100', valueHint: 'N' },
  },
  async run({ args }) {
    const { code, ip, account, since, limit } = args;
    const page = await withClient(readSettings(args), (client) =>
      client.get<Page<SecurityDetection>>('/api/v1/security/detections', { code, ip, account, since, limit }),
    );
    if (args.json) printJson(page);
    else process.stdout.write(formatTable(DETECTIONS, page.items) || 'No attacks were found.\n');
    return page.items.some(({ severity }) => severity === 'critical' || severity === 'high') ? 1 : 0;
  },
});

type Listed = SecurityBlock | SecurityChallenge;

const RESTRICTIONS = [
  { heading: 'ID', cell: (item: Listed) => item.id },
  { heading: 'KIND', cell: (item: Listed) => item.kind },
  { heading: 'VALUE', cell: (item: Listed) => item.value },
  { heading: 'UNTIL', cell: (item: Listed) => shownTime(item.until) },
  { heading: 'BY', cell: (item: Listed) => item.author },
  { heading: 'WHY', cell: (item: Listed) => item.why },
];

function listOf(name: 'blocks' | 'challenges', description: string, none: string) {
  return defineCommand({
    meta: { name: `yumops security ${name} list`, description },
    args: platformArgs,
    async run({ args }) {
      const page = await withClient(readSettings(args), (client) =>
        client.get<Page<Listed>>(`/api/v1/security/${name}`),
      );
      if (args.json) printJson(page);
      else process.stdout.write(formatTable(RESTRICTIONS, page.items) || `${none}\n`);
      return 0;
    },
  });
}

function removeOf(name: 'blocks' | 'challenges', description: string) {
  return defineCommand({
    meta: { name: `yumops security ${name} remove`, description },
    args: {
      ...platformArgs,
      id: { type: 'positional', required: true, description: `Id from \`security ${name} list\``, valueHint: 'ID' },
    },
    async run({ args }) {
      const path = `/api/v1/security/${name}/${encodeURIComponent(args.id)}`;
      await withClient(readSettings(args), (client) => client.delete(path));
      if (args.json) printJson({ id: args.id, state: 'lifted' });
      else process.stdout.write(`Lifted: ${args.id}.\n`);
      return 0;
    },
  });
}

const add = defineCommand({
  meta: { name: 'yumops security blocks add', description: 'Shut an address, a network or a pair out' },
  args: {
    ...platformArgs,
    value: {
      type: 'positional',
      required: true,
      description: '203.0.113.7, 203.0.113.0/24 or 203.0.113.7|acct_…',
      valueHint: 'VALUE',
    },
    why: { type: 'string', required: true, description: 'What it is for', valueHint: 'TEXT' },
    for: { type: 'string', description: 'How long, default 1h', valueHint: 'DURATION' },
    project: { type: 'string', description: 'Project, default 1', valueHint: 'N' },
  },
  async run({ args }) {
    const { value, why, project } = args;
    const kind = value.includes('|') ? 'pair' : value.includes('/') ? 'network' : 'ip';
    const body = { kind, value, why, project, for: args.for };
    const block = await withClient(readSettings(args), (client) =>
      client.post<SecurityBlock>('/api/v1/security/blocks', body),
    );
    if (args.json) printJson(block);
    else process.stdout.write(`${block.id}  ${block.value} is shut out until ${block.until}.\n`);
    return 0;
  },
});

const blocks = defineCommand({
  meta: { name: 'yumops security blocks', description: 'Who is shut out' },
  subCommands: {
    list: listOf('blocks', 'List who is shut out, why, and until when', 'Nobody is shut out.'),
    add,
    remove: removeOf('blocks', 'Lift a block; what was counted is forgotten'),
  },
});

const challenges = defineCommand({
  meta: { name: 'yumops security challenges', description: 'Who has to prove more before a sign-in' },
  subCommands: {
    list: listOf('challenges', 'List who has to prove more, why, and until when', 'Nobody is challenged.'),
    remove: removeOf('challenges', 'Lift a challenge'),
  },
});

export const security = defineCommand({
  meta: {
    name: 'yumops security',
    description: 'Attacks on the application, who is shut out, and what scans say is wrong',
  },
  subCommands: { detections, blocks, challenges, scan, findings },
});
