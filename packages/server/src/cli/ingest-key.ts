import type { IngestKeyItem } from '@yumops/protocol';
import { defineCommand } from 'citty';
import { readSettings } from '../config/settings.ts';
import { withClient } from './client.ts';
import { platformArgs, printJson } from './command.ts';
import { shownTime } from './shown-time.ts';
import { formatTable } from './table.ts';

/** `yumops ingest-key create`, and `yumops token ingest-key`, which is its older name. */
export const createIngestKey = defineCommand({
  meta: {
    name: 'yumops ingest-key create',
    description: 'Make a key for an app to send telemetry with; it is shown once',
  },
  args: {
    ...platformArgs,
    scope: {
      type: 'enum',
      options: ['server', 'public'],
      default: 'server',
      description: 'server = everything; public = browsers',
    },
    project: { type: 'string', default: '1', description: 'Number of the project', valueHint: 'N' },
    origins: {
      type: 'string',
      description: 'Pages that may use a public key, with commas between; default all',
      valueHint: 'https://shop.example,…',
    },
    name: { type: 'string', description: 'What it is for', valueHint: 'NAME' },
  },
  async run({ args }) {
    const { scope, project, name } = args;
    const origins = (args.origins ?? '').split(',').flatMap((one) => (one.trim() === '' ? [] : [one.trim()]));
    const made = await withClient(readSettings(args), (client) =>
      client.post<{ secret: string }>('/api/v1/ingest-keys', { scope, project, origins, ...(name && { name }) }),
    );
    if (args.json) printJson(made);
    else process.stdout.write(`${made.secret}\n`);
    return 0;
  },
});

const COLUMNS = [
  { heading: 'ID', cell: ({ id }: IngestKeyItem) => id },
  { heading: 'NAME', cell: ({ name }: IngestKeyItem) => name ?? '-' },
  { heading: 'SCOPE', cell: ({ scope }: IngestKeyItem) => scope },
  { heading: 'PROJECT', cell: ({ project }: IngestKeyItem) => project ?? 'any' },
  {
    heading: 'ORIGINS',
    cell: ({ scope, origins }: IngestKeyItem) => (scope === 'public' ? origins.join(',') || 'all' : '-'),
  },
  { heading: 'LAST USED', cell: ({ lastUsedAt }: IngestKeyItem) => (lastUsedAt ? shownTime(lastUsedAt) : 'never') },
  { heading: 'REVOKED', cell: ({ revokedAt }: IngestKeyItem) => (revokedAt ? shownTime(revokedAt) : '-') },
];

const list = defineCommand({
  meta: { name: 'yumops ingest-key list', description: 'List ingest keys, without their secrets' },
  args: platformArgs,
  async run({ args }) {
    const page = await withClient(readSettings(args), (client) =>
      client.get<{ items: IngestKeyItem[] }>('/api/v1/ingest-keys'),
    );
    if (args.json) printJson(page);
    else process.stdout.write(formatTable(COLUMNS, page.items) || 'There are none.\n');
    return 0;
  },
});

const revoke = defineCommand({
  meta: { name: 'yumops ingest-key revoke', description: 'Revoke an ingest key at once, on every instance' },
  args: {
    ...platformArgs,
    id: { type: 'positional', required: true, description: 'Its ID in the list', valueHint: 'ID' },
  },
  async run({ args }) {
    await withClient(readSettings(args), (client) =>
      client.delete(`/api/v1/ingest-keys/${encodeURIComponent(args.id)}`),
    );
    if (args.json) printJson({ revoked: args.id });
    else process.stdout.write(`Revoked ingest key ${args.id}.\n`);
    return 0;
  },
});

export const ingestKey = defineCommand({
  meta: { name: 'yumops ingest-key', description: 'Make, list and revoke the keys of senders' },
  subCommands: { create: createIngestKey, list, revoke },
});
