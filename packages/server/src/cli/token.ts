import type { TokenItem } from '@yumops/protocol';
import { defineCommand } from 'citty';
import { readSettings } from '../config/settings.ts';
import { withClient } from './client.ts';
import { platformArgs, printJson } from './command.ts';
import { grantsText, INSTALLATION_ROLES, projectsArg, readGrants } from './grants.ts';
import { createIngestKey } from './ingest-key.ts';
import { shownTime } from './shown-time.ts';
import { formatTable } from './table.ts';

const create = defineCommand({
  meta: { name: 'yumops token create', description: 'Make an API token; it is shown once' },
  args: {
    ...platformArgs,
    name: { type: 'string', required: true, description: 'What it is for', valueHint: 'NAME' },
    role: {
      type: 'enum',
      options: INSTALLATION_ROLES,
      description: 'What it may do in the whole installation, default viewer',
    },
    projects: projectsArg,
    resources: {
      type: 'string',
      description: 'What it reaches, such as alerts,logs; without it, all that the role allows',
      valueHint: 'A,B',
    },
    days: { type: 'string', description: 'How many days it works; without it, until it is revoked', valueHint: 'N' },
  },
  async run({ args }) {
    const resources = args.resources?.split(',').map((name) => name.trim());
    const body = { name: args.name, ...readGrants(args), resources, ...(args.days && { days: Number(args.days) }) };
    const made = await withClient(readSettings(args), (client) =>
      client.post<{ secret: string }>('/api/v1/tokens', body),
    );
    if (args.json) printJson(made);
    else process.stdout.write(`${made.secret}\n`);
    return 0;
  },
});

const probe = defineCommand({
  meta: {
    name: 'yumops token probe',
    description: 'Make a token for probe agents in one place; it is shown once',
  },
  args: {
    ...platformArgs,
    location: { type: 'string', required: true, description: 'Name of the place, such as fra', valueHint: 'NAME' },
  },
  async run({ args }) {
    const made = await withClient(readSettings(args), (client) =>
      client.post<{ secret: string }>('/api/v1/probe-tokens', { location: args.location }),
    );
    if (args.json) printJson(made);
    else process.stdout.write(`${made.secret}\n`);
    return 0;
  },
});

const COLUMNS = [
  { heading: 'ID', cell: ({ id }: TokenItem) => id },
  { heading: 'NAME', cell: ({ name }: TokenItem) => name },
  { heading: 'ROLE', cell: (token: TokenItem) => grantsText(token) },
  { heading: 'REACHES', cell: ({ resources }: TokenItem) => resources?.join(',') ?? 'all' },
  { heading: 'LAST USED', cell: ({ lastUsedAt }: TokenItem) => (lastUsedAt ? shownTime(lastUsedAt) : 'never') },
  { heading: 'WORKS UNTIL', cell: worksUntil },
];

function worksUntil({ revokedAt, expiresAt }: TokenItem): string {
  return revokedAt === null ? (expiresAt ?? 'it is revoked') : `revoked ${revokedAt}`;
}

const list = defineCommand({
  meta: { name: 'yumops token list', description: 'List API tokens, without their secrets' },
  args: platformArgs,
  async run({ args }) {
    const page = await withClient(readSettings(args), (client) => client.get<{ items: TokenItem[] }>('/api/v1/tokens'));
    if (args.json) printJson(page);
    else process.stdout.write(formatTable(COLUMNS, page.items) || 'There are none.\n');
    return 0;
  },
});

const revoke = defineCommand({
  meta: { name: 'yumops token revoke', description: 'Revoke an API token at once' },
  args: {
    ...platformArgs,
    id: { type: 'positional', required: true, description: 'Its ID in the list', valueHint: 'ID' },
  },
  async run({ args }) {
    await withClient(readSettings(args), (client) => client.delete(`/api/v1/tokens/${encodeURIComponent(args.id)}`));
    if (args.json) printJson({ revoked: args.id });
    else process.stdout.write(`Revoked token ${args.id}.\n`);
    return 0;
  },
});

export const token = defineCommand({
  meta: {
    name: 'yumops token',
    description: 'Make, list and revoke API tokens; make ingest keys and tokens of probes',
  },
  subCommands: { create, list, revoke, 'ingest-key': createIngestKey, probe },
});
