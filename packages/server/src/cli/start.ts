import { defineCommand } from 'citty';
import { readSettings } from '../config/settings.ts';
import { systemClock } from '../lib/clock.ts';
import { startPlatform } from '../main.ts';
import { platformArgs, printJson } from './command.ts';
import { stopRequest } from './stop-request.ts';

/** Package managers pass a signal on that the terminal has sent already: within this time it is the same request. */
const SAME_REQUEST_MS = 1_000;

function leaveOnSecondRequest(): void {
  systemClock.after(SAME_REQUEST_MS, () => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.removeAllListeners(signal);
      process.once(signal, () => process.exit(1));
    }
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
}

export const start = defineCommand({
  meta: { name: 'yumops start', description: 'Run the platform until it is told to stop' },
  args: {
    ...platformArgs,
    host: { type: 'string', description: 'Address to listen on, default 127.0.0.1', valueHint: 'HOST' },
    role: { type: 'string', description: 'What it does: ingest, worker, web; default all', valueHint: 'ROLE,ROLE' },
    'demo-inbox': { type: 'boolean', description: 'Run a local inbox that receives e-mail and Slack messages' },
  },
  async run({ args }) {
    const settings = readSettings({ ...args, roles: args.role });
    const say = args.json ? () => undefined : (line: string) => process.stdout.write(`${line}\n`);
    const platform = await startPlatform(settings, { demoInbox: args['demo-inbox'] === true });
    if (args.json) printJson({ url: platform.url, login: platform.loginUrl });
    say(`  Console    ${platform.url}`);
    say(`  Sign in    ${platform.loginUrl}   (works once, for 24 hours)`);
    say(`ready: ${platform.url}`);
    await stopRequest();
    leaveOnSecondRequest();
    say('Stopping: draining what was accepted …');
    await platform.stop();
    say('Stopped.');
    process.exit(0);
  },
});
