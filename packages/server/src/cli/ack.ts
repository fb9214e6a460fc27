import type { Alert } from '@yumops/protocol';
import { defineCommand } from 'citty';
import { readSettings } from '../config/settings.ts';
import { withClient } from './client.ts';
import { platformArgs, printJson } from './command.ts';

export const ack = defineCommand({
  meta: { name: 'yumops ack', description: 'Acknowledge a firing alert: later escalation steps are not sent' },
  args: {
    ...platformArgs,
    id: { type: 'positional', required: true, description: 'Id from `yumops alerts`', valueHint: 'ID' },
  },
  async run({ args }) {
    const alert = await withClient(readSettings(args), (client) =>
      client.post<Alert>(`/api/v1/alerts/${encodeURIComponent(args.id)}/ack`),
    );
    if (args.json) printJson(alert);
    else process.stdout.write(`Acknowledged: ${alert.rule}. ${alert.summary}\n`);
    return 0;
  },
});
