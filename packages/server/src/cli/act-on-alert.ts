import type { Alert } from '@yumops/protocol';
import { defineCommand } from 'citty';
import { readSettings } from '../config/settings.ts';
import { withClient } from './client.ts';
import { platformArgs, printJson } from './command.ts';

/** A command that does one thing to an alert. `name` is also the last part of its path in the API. */
export function actOnAlert(what: { name: 'ack' | 'escalate' | 'resolve'; description: string; done: string }) {
  return defineCommand({
    meta: { name: `yumops ${what.name}`, description: what.description },
    args: {
      ...platformArgs,
      id: { type: 'positional', required: true, description: 'Id from `yumops alerts`', valueHint: 'ID' },
    },
    async run({ args }) {
      const alert = await withClient(readSettings(args), (client) =>
        client.post<Alert>(`/api/v1/alerts/${encodeURIComponent(args.id)}/${what.name}`, { via: 'cli' }),
      );
      if (args.json) printJson(alert);
      else process.stdout.write(`${what.done}: ${alert.rule}. ${alert.summary}\n`);
      return 0;
    },
  });
}
