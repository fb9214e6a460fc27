import type { AuditItem, AuditVerdict } from '@yumops/protocol';
import { defineCommand } from 'citty';
import { readSettings } from '../config/settings.ts';
import { type Client, withClient } from './client.ts';
import { platformArgs, printJson } from './command.ts';
import { shownTime } from './shown-time.ts';
import { formatTable } from './table.ts';

const COLUMNS = [
  { heading: 'AT', cell: ({ at }: AuditItem) => shownTime(at) },
  { heading: 'WHO', cell: ({ actor }: AuditItem) => actor },
  { heading: 'WHAT', cell: ({ action }: AuditItem) => action },
  { heading: 'TO WHAT', cell: ({ target }: AuditItem) => target },
  {
    heading: 'DETAIL',
    cell: ({ detail }: AuditItem) => (Object.keys(detail).length === 0 ? '' : JSON.stringify(detail)),
  },
];

export const audit = defineCommand({
  meta: {
    name: 'yumops audit',
    description: 'Show who did what, newest first; exit 1 when --verify finds the log altered',
  },
  args: {
    ...platformArgs,
    verify: { type: 'boolean', description: 'Follow the hash chain and name what was altered' },
    actor: { type: 'string', description: 'Who acted', valueHint: 'NAME' },
    action: {
      type: 'string',
      description: 'What was done: alert.acknowledge, or alert. for all of alerts',
      valueHint: 'ACTION',
    },
    target: { type: 'string', description: 'To what', valueHint: 'NAME' },
    limit: { type: 'string', default: '50', description: 'How many', valueHint: 'N' },
  },
  async run({ args }) {
    return withClient(readSettings(args), async (client) => {
      if (args.verify) return verify(client, args.json ?? false);
      const { actor, action, target, limit } = args;
      const page = await client.get<{ items: AuditItem[] }>('/api/v1/audit', { actor, action, target, limit });
      if (args.json) printJson(page);
      else process.stdout.write(formatTable(COLUMNS, page.items) || 'Nothing.\n');
      return 0;
    });
  },
});

async function verify(client: Client, json: boolean): Promise<number> {
  const verdict = await client.get<AuditVerdict>('/api/v1/audit/verify');
  if (json) printJson(verdict);
  else if (verdict.faults.length === 0) {
    const entries = `${verdict.entries} ${verdict.entries === 1 ? 'entry' : 'entries'}`;
    process.stdout.write(`${entries}, and the chain is whole.\n`);
  } else process.stdout.write(verdict.faults.map(({ message }) => `${message}\n`).join(''));
  return verdict.faults.length === 0 ? 0 : 1;
}
