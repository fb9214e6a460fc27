import type { JobRun, Page, SecurityFinding, SecurityFindingSeverity, SecurityScanReport } from '@yumops/protocol';
import { defineCommand } from 'citty';
import { readSettings, type SettingFlags } from '../config/settings.ts';
import { YumOpsError } from '../lib/errors.ts';
import { type Client, withClient } from './client.ts';
import { platformArgs, printJson } from './command.ts';
import { followRun } from './follow-run.ts';
import { formatTable } from './table.ts';

const SEVERITIES: readonly SecurityFindingSeverity[] = ['critical', 'high', 'medium', 'low', 'unknown'];
const PATH = '/api/v1/security/findings';

const failOn = {
  'fail-on': {
    type: 'string',
    default: 'high',
    description: 'Exit 1 when an open finding is as grave as this, or graver; `unknown` always counts',
    valueHint: 'critical|high|medium|low',
  },
} as const;

function limitOf(text: string): number {
  const limit = SEVERITIES.indexOf(text as SecurityFindingSeverity);
  if (limit >= 0 && text !== 'unknown') return limit;
  throw new YumOpsError('wrong_use', `"${text}" is no severity that can be failed on.`, {
    hint: 'It is one of critical, high, medium, low.',
    status: 400,
  });
}

/** Whether something is open that a script should stop at. What could not be seen is not healthy. */
function isGrave(severity: SecurityFindingSeverity, limit: number): boolean {
  return severity === 'unknown' || SEVERITIES.indexOf(severity) <= limit;
}

const COLUMNS = [
  { heading: 'ID', cell: (item: SecurityFinding) => item.id },
  { heading: 'SEVERITY', cell: (item: SecurityFinding) => item.severity },
  { heading: 'STATE', cell: stateText },
  { heading: 'OWNER', cell: (item: SecurityFinding) => item.owner ?? '-' },
  { heading: 'FIRST SEEN', cell: (item: SecurityFinding) => item.firstSeen.slice(0, 10) },
  { heading: 'WHAT', cell: (item: SecurityFinding) => item.message },
];

function stateText({ state, accepted }: SecurityFinding): string {
  return accepted === null ? state : `accepted until ${accepted.until.slice(0, 10)}`;
}

const list = defineCommand({
  meta: { name: 'yumops security findings list', description: 'List what scans say is wrong, the gravest first' },
  args: {
    ...platformArgs,
    ...failOn,
    state: { type: 'string', description: 'open (default), accepted, resolved or all', valueHint: 'STATE' },
    severity: { type: 'string', description: 'Only this one', valueHint: 'SEVERITY' },
    check: { type: 'string', description: 'Only of this check, e.g. dependencies', valueHint: 'NAME' },
  },
  async run({ args }) {
    const limit = limitOf(args['fail-on']);
    const { state, severity, check } = args;
    const items = await withClient(readSettings(args), (client) => readAll(client, { state, severity, check }));
    if (args.json) printJson({ items, nextCursor: null });
    else process.stdout.write(formatTable(COLUMNS, items) || 'Nothing.\n');
    return items.some((item) => item.state === 'open' && isGrave(item.severity, limit)) ? 1 : 0;
  },
});

async function readAll(client: Client, query: Record<string, string | undefined>): Promise<SecurityFinding[]> {
  const items: SecurityFinding[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.get<Page<SecurityFinding>>(PATH, { ...query, limit: '1000', cursor });
    items.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return items;
}

const idArg = {
  id: {
    type: 'positional',
    required: true,
    description: 'Id from `yumops security findings list`',
    valueHint: 'ID',
  },
} as const;

const show = defineCommand({
  meta: { name: 'yumops security findings show', description: 'Show a finding with its evidence and what to do' },
  args: { ...platformArgs, ...idArg },
  async run({ args }) {
    const item = await withClient(readSettings(args), (client) =>
      client.get<SecurityFinding>(`${PATH}/${encodeURIComponent(args.id)}`),
    );
    if (args.json) printJson(item);
    else process.stdout.write(describe(item));
    return 0;
  },
});

function describe(item: SecurityFinding): string {
  const { severity, message, evidence, fix, owner, firstSeen, lastSeen, accepted, check, code } = item;
  const facts = [
    ...(evidence === '' ? [] : [['Seen', evidence]]),
    ['Do', fix],
    ['State', accepted === null ? item.state : `${stateText(item)} by ${accepted.by}: ${accepted.reason}`],
    ['Owner', owner ?? 'nobody'],
    ['First seen', firstSeen],
    ['Last seen', lastSeen],
    ['Check', `${check} (${code})`],
  ];
  const lines = facts.map(([name = '', value]) => `  ${name.padEnd(10)}  ${value}\n`);
  return `${severity.toUpperCase()}  ${message}\n${lines.join('')}`;
}

/** A command that changes one finding and prints it. */
async function change(
  args: SettingFlags & { id: string; json?: boolean | undefined },
  verb: 'accept' | 'assign' | 'reopen',
  body: object,
): Promise<number> {
  const item = await withClient(readSettings(args), (client) =>
    client.post<SecurityFinding>(`${PATH}/${encodeURIComponent(args.id)}/${verb}`, body),
  );
  if (args.json) printJson(item);
  else process.stdout.write(describe(item));
  return 0;
}

const accept = defineCommand({
  meta: {
    name: 'yumops security findings accept',
    description: 'Live with a finding until a day; it is open again after it',
  },
  args: {
    ...platformArgs,
    ...idArg,
    until: { type: 'string', required: true, description: 'A day within a year, e.g. 2027-01-31', valueHint: 'DAY' },
    reason: { type: 'string', required: true, description: 'Why that is fine', valueHint: 'TEXT' },
  },
  run: ({ args }) => change(args, 'accept', { until: args.until, reason: args.reason }),
});

const assign = defineCommand({
  meta: { name: 'yumops security findings assign', description: 'Give a finding to somebody' },
  args: {
    ...platformArgs,
    ...idArg,
    owner: { type: 'string', description: 'Who; left out = nobody', valueHint: 'NAME' },
  },
  run: ({ args }) => change(args, 'assign', { owner: args.owner ?? null }),
});

const reopen = defineCommand({
  meta: { name: 'yumops security findings reopen', description: 'End the acceptance of a finding' },
  args: { ...platformArgs, ...idArg },
  run: ({ args }) => change(args, 'reopen', {}),
});

export const findings = defineCommand({
  meta: { name: 'yumops security findings', description: 'What scans say is wrong' },
  subCommands: { list, show, accept, assign, reopen },
});

const LISTED = [
  { title: 'NEW', key: 'freshFindings' },
  { title: 'WORSE', key: 'worseFindings' },
  { title: 'OPEN', key: 'remainingFindings' },
  { title: 'GONE', key: 'goneFindings' },
  { title: 'ACCEPTED', key: 'acceptedFindings' },
] as const;

const CHECKS = [
  { heading: 'CHECK', cell: (check: SecurityScanReport['checks'][number]) => check.title },
  { heading: 'RESULT', cell: (check: SecurityScanReport['checks'][number]) => check.status },
  {
    heading: 'FINDINGS',
    cell: (check: SecurityScanReport['checks'][number]) => String(check.findings),
    align: 'right' as const,
  },
  { heading: 'LOOKED AT', cell: (check: SecurityScanReport['checks'][number]) => check.looked },
];

function reportText(report: SecurityScanReport): string {
  const rows = LISTED.flatMap(({ title, key }) => report[key].map((item) => ({ title, item })));
  const table = formatTable(
    [
      { heading: '', cell: ({ title }: (typeof rows)[number]) => title },
      ...COLUMNS.filter(({ heading }) => heading !== 'STATE').map(({ heading, cell }) => ({
        heading,
        cell: ({ item }: (typeof rows)[number]) => cell(item),
      })),
    ],
    rows,
  );
  return `${formatTable(CHECKS, report.checks)}\n${table === '' ? '' : `${table}\n`}${report.summary}\n`;
}

export const scan = defineCommand({
  meta: {
    name: 'yumops security scan',
    description:
      'Look for what is wrong now: `weekly` is the scan, `monthly` the audit; exit 1 when something grave is open',
  },
  args: {
    ...platformArgs,
    ...failOn,
    kind: { type: 'positional', required: false, description: 'weekly (default) or monthly', valueHint: 'KIND' },
    last: { type: 'boolean', description: 'Only show the report of the last one' },
  },
  async run({ args }) {
    const limit = limitOf(args['fail-on']);
    const kind = args.kind ?? 'weekly';
    if (kind !== 'weekly' && kind !== 'monthly') {
      throw new YumOpsError('wrong_use', `"${kind}" is no kind of scan.`, {
        hint: 'It is weekly or monthly.',
        status: 400,
      });
    }
    return withClient(readSettings(args), async (client) => {
      const id = args.last ? 'latest' : await runScan(client, kind, args.json !== true);
      const report = await client.get<SecurityScanReport>(`/api/v1/security/scans/${id}`);
      if (args.json) printJson(report);
      else process.stdout.write(reportText(report));
      return SEVERITIES.some((severity) => report.open[severity] > 0 && isGrave(severity, limit)) ? 1 : 0;
    });
  },
});

async function runScan(client: Client, kind: string, shown: boolean): Promise<string> {
  const { id } = await client.post<{ id: string }>('/api/v1/security/scans', { kind });
  const started = await client.get<JobRun>(`/api/v1/jobs/runs/${encodeURIComponent(id)}`);
  const ended = await followRun(client, started, shown && process.stderr.isTTY ? 'all' : 'nothing');
  const scanned = ended.detail?.['scan'];
  if (typeof scanned === 'string') return scanned;
  throw new YumOpsError(
    'scan_failed',
    `The scan ended as ${ended.status}: ${ended.error?.message ?? ended.reason ?? 'no reason given'}.`,
    {
      hint: ended.error?.hint ?? '`yumops job show security-scan` shows its log.',
    },
  );
}
