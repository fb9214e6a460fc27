import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import type { PersonItem } from '@yumops/protocol';
import { defineCommand } from 'citty';
import { readSettings } from '../config/settings.ts';
import { YumOpsError } from '../lib/errors.ts';
import { withClient } from './client.ts';
import { platformArgs, printJson } from './command.ts';
import { grantsText, INSTALLATION_ROLES, projectsArg, readGrants } from './grants.ts';
import { shownTime } from './shown-time.ts';
import { formatTable } from './table.ts';

/** A password on the command line is visible to every user of the machine; a pipe is not. */
async function readPassword(): Promise<string> {
  const asked = process.stdin.isTTY;
  // In a terminal it is asked for, and what is typed is not shown.
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, ...(asked && { output: silent, terminal: true }) });
  if (asked) {
    process.stderr.write('Password, at least 12 characters: ');
    lines.on('SIGINT', () => lines.close());
    lines.once('close', () => process.stderr.write('\n'));
  }
  for await (const line of lines) {
    lines.close();
    return line;
  }
  throw new YumOpsError('no_password', 'No password was given.', { hint: 'Type one, or pipe it in.' });
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
      options: INSTALLATION_ROLES,
      description: 'What the person may do in the whole installation, default viewer',
    },
    projects: projectsArg,
    name: { type: 'string', description: 'Name to show', valueHint: 'NAME' },
  },
  async run({ args }) {
    const given = readGrants(args);
    const password = args.password ?? (await readPassword());
    const body = { email: args.email, password, ...given, name: args.name ?? args.email };
    const made = await withClient(readSettings(args), (client) =>
      client.post<{ email: string }>('/api/v1/users', body),
    );
    if (args.json) printJson(made);
    else process.stdout.write(`Made an account for ${made.email} (${grantsText({ projects: {}, ...given })}).\n`);
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

const COLUMNS = [
  { heading: 'E-MAIL', cell: ({ email }: PersonItem) => email },
  { heading: 'NAME', cell: ({ name }: PersonItem) => name },
  { heading: 'ROLE', cell: (person: PersonItem) => grantsText(person) },
  { heading: 'SESSIONS', cell: ({ sessions }: PersonItem) => String(sessions), align: 'right' as const },
  { heading: 'SECOND FACTOR', cell: secondFactors },
  { heading: 'LAST SEEN', cell: ({ lastSeenAt }: PersonItem) => (lastSeenAt ? shownTime(lastSeenAt) : '-') },
];

function secondFactors({ secondFactor, passkeys }: PersonItem): string {
  const held = [
    ...(secondFactor ? ['app'] : []),
    ...(passkeys > 0 ? [`${passkeys} passkey${passkeys === 1 ? '' : 's'}`] : []),
  ];
  return held.join(', ') || 'none';
}

const list = defineCommand({
  meta: { name: 'yumops user list', description: 'List the accounts of the console' },
  args: platformArgs,
  async run({ args }) {
    const page = await withClient(readSettings(args), (client) => client.get<{ items: PersonItem[] }>('/api/v1/users'));
    if (args.json) printJson(page);
    else process.stdout.write(formatTable(COLUMNS, page.items) || 'There are none.\n');
    return 0;
  },
});

const whom = { email: { type: 'positional', required: true, description: 'Whose', valueHint: 'EMAIL' } } as const;
const pathOf = (email: string) => `/api/v1/users/${encodeURIComponent(email)}`;

const changeRole = defineCommand({
  meta: { name: 'yumops user role', description: 'Change what somebody may do' },
  args: {
    ...{ ...platformArgs, ...whom },
    role: {
      type: 'enum',
      options: INSTALLATION_ROLES,
      required: true,
      description: 'What the person may do in the whole installation',
    },
  },
  async run({ args }) {
    await withClient(readSettings(args), (client) => client.post(`${pathOf(args.email)}/role`, { role: args.role }));
    if (args.json) printJson({ email: args.email, role: args.role });
    else process.stdout.write(`${args.email} is ${args.role}.\n`);
    return 0;
  },
});

const grant = defineCommand({
  meta: { name: 'yumops user grant', description: 'Give somebody a role in one project, or take it away' },
  args: {
    ...{ ...platformArgs, ...whom },
    project: { type: 'string', required: true, description: 'Number of the project', valueHint: 'N' },
    role: { type: 'enum', options: INSTALLATION_ROLES, required: true, description: 'What the person may do in it' },
  },
  async run({ args }) {
    const path = `${pathOf(args.email)}/projects/${encodeURIComponent(args.project)}`;
    const body = { role: args.role === 'none' ? null : args.role };
    const now = await withClient(readSettings(args), (client) =>
      client.post<{ email: string; role: string; projects: Record<string, string> }>(path, body),
    );
    if (args.json) printJson(now);
    else process.stdout.write(`${now.email}: ${grantsText(now)}.\n`);
    return 0;
  },
});

const remove = defineCommand({
  meta: { name: 'yumops user remove', description: 'Remove an account and sign it out everywhere' },
  args: { ...platformArgs, ...whom },
  async run({ args }) {
    await withClient(readSettings(args), (client) => client.delete(pathOf(args.email)));
    if (args.json) printJson({ removed: args.email });
    else process.stdout.write(`Removed ${args.email}.\n`);
    return 0;
  },
});

export const user = defineCommand({
  meta: { name: 'yumops user', description: 'Make, list and remove console accounts; make login links' },
  subCommands: { create, list, role: changeRole, grant, remove, link },
});
