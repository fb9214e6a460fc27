import { defineCommand } from 'citty';
import { readSettings } from '../config/settings.ts';
import { withClient } from './client.ts';
import { platformArgs, printJson } from './command.ts';

const create = defineCommand({
  meta: { name: 'yumops token create', description: 'Make an API token; it is shown once' },
  args: {
    ...platformArgs,
    name: { type: 'string', required: true, description: 'What it is for', valueHint: 'NAME' },
    role: { type: 'enum', options: ['viewer', 'responder', 'admin'], default: 'viewer', description: 'What it may do' },
  },
  async run({ args }) {
    const made = await withClient(readSettings(args), (client) =>
      client.post<{ secret: string }>('/api/v1/tokens', { name: args.name, role: args.role }),
    );
    if (args.json) printJson(made);
    else process.stdout.write(`${made.secret}\n`);
    return 0;
  },
});

const ingestKey = defineCommand({
  meta: {
    name: 'yumops token ingest-key',
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
  },
  async run({ args }) {
    const made = await withClient(readSettings(args), (client) =>
      client.post<{ secret: string }>('/api/v1/ingest-keys', { scope: args.scope, project: args.project }),
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

export const token = defineCommand({
  meta: { name: 'yumops token', description: 'Make API tokens, ingest keys and tokens of probes' },
  subCommands: { create, 'ingest-key': ingestKey, probe },
});
