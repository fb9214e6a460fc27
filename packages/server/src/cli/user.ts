import { createInterface } from 'node:readline';
import { defineCommand } from 'citty';
import { readSettings } from '../config/settings.ts';
import { withClient } from './client.ts';
import { platformArgs, printJson } from './command.ts';

/** A password on the command line is visible to every user of the machine; a pipe is not. */
async function readPassword(): Promise<string> {
  const lines = createInterface({ input: process.stdin });
  for await (const line of lines) {
    lines.close();
    return line;
  }
  return '';
}

const create = defineCommand({
  meta: { name: 'yumops user create', description: 'Make a console account' },
  args: {
    ...platformArgs,
    email: { type: 'string', required: true, description: 'Address to sign in with', valueHint: 'EMAIL' },
    password: {
      type: 'string',
      description: 'At least 12 characters. Others on this machine can see it: better leave it out and pipe it in',
      valueHint: 'TEXT',
    },
    role: {
      type: 'enum',
      options: ['viewer', 'responder', 'admin'],
      default: 'viewer',
      description: 'What the person may do',
    },
    name: { type: 'string', description: 'Name to show', valueHint: 'NAME' },
  },
  async run({ args }) {
    const password = args.password ?? (await readPassword());
    const body = { email: args.email, password, role: args.role, name: args.name ?? args.email };
    const made = await withClient(readSettings(args), (client) =>
      client.post<{ email: string }>('/api/v1/users', body),
    );
    if (args.json) printJson(made);
    else process.stdout.write(`Made an account for ${made.email} (${args.role}).\n`);
    return 0;
  },
});

const link = defineCommand({
  meta: { name: 'yumops user link', description: 'Make a login link for an administrator; it works once' },
  args: {
    ...platformArgs,
    email: { type: 'string', default: 'admin@yumops.local', description: 'Whose link', valueHint: 'EMAIL' },
  },
  async run({ args }) {
    const made = await withClient(readSettings(args), (client) =>
      client.post<{ url: string }>('/api/v1/login-links', { email: args.email }),
    );
    if (args.json) printJson(made);
    else process.stdout.write(`${made.url}\n`);
    return 0;
  },
});

export const user = defineCommand({
  meta: { name: 'yumops user', description: 'Make console accounts and login links' },
  subCommands: { create, link },
});
