import { defineCommand } from 'citty';
import { readSettings } from '../config/settings.ts';
import type { TestReport } from '../respond/notify/index.ts';
import { withClient } from './client.ts';
import { platformArgs, printJson } from './command.ts';

const test = defineCommand({
  meta: {
    name: 'yumops notify test',
    description: 'Send a test message through a channel and print what the vendor answered',
  },
  args: {
    ...platformArgs,
    channel: {
      type: 'positional',
      required: true,
      description: 'slack, email, sms, phone_call, pagerduty, webhook, opsgenie, teams, discord, telegram or ntfy',
      valueHint: 'CHANNEL',
    },
    target: {
      type: 'positional',
      required: true,
      description: 'Slack channel, address, number, or name of the receiver',
      valueHint: 'TARGET',
    },
  },
  async run({ args }) {
    const { channel, target } = args;
    const report = await withClient(readSettings(args), (client) =>
      client.post<TestReport>('/api/v1/notifications/test', { channel, target }),
    );
    if (args.json) printJson(report);
    else {
      const fate = { sent: 'Sent', retry: 'Not sent, another attempt may help', refused: 'Not sent' }[report.outcome];
      process.stdout.write(`${fate}: ${report.channel} ${report.target} ${report.answer} (${report.tookMs} ms)\n`);
    }
    return report.outcome === 'sent' ? 0 : 1;
  },
});

export const notify = defineCommand({
  meta: { name: 'yumops notify', description: 'Try the ways by which people are told' },
  subCommands: { test },
});
