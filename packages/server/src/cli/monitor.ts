import { readFileSync } from 'node:fs';
import type { MonitorTrial } from '@yumops/protocol';
import { defineCommand } from 'citty';
import { parse } from 'yaml';
import { readSettings } from '../config/settings.ts';
import { messageOf, YumOpsError } from '../lib/errors.ts';
import { type Client, withClient } from './client.ts';
import { platformArgs, printJson } from './command.ts';

type Definition = Record<string, unknown>;

/** What a monitor is, in words or in a file. */
const definitionArgs = {
  ...platformArgs,
  file: {
    type: 'positional',
    required: false,
    description: 'One item of `monitors:` as YAML or JSON, - = standard input; keeps secrets off the command line',
    valueHint: 'FILE|-',
  },
  name: { type: 'string', description: 'Name of the monitor', valueHint: 'NAME' },
  kind: { type: 'string', description: 'http (default), tcp, tls, dns, ping, heartbeat, …', valueHint: 'KIND' },
  url: { type: 'string', description: 'Address', valueHint: 'URL' },
  host: { type: 'string', description: 'Machine, for kinds without an address', valueHint: 'HOST' },
  to: { type: 'string', description: 'Port of the machine', valueHint: 'PORT' },
  every: { type: 'string', description: 'Time between two checks, e.g. 30s', valueHint: 'DURATION' },
  keys: {
    type: 'string',
    description: "Further keys as YAML: '{expected_status: [200, 204], retries: 2}'",
    valueHint: 'YAML',
  },
} as const;

interface DefinitionArgs {
  file?: string | undefined;
  name?: string | undefined;
  kind?: string | undefined;
  url?: string | undefined;
  host?: string | undefined;
  to?: string | undefined;
  every?: string | undefined;
  keys?: string | undefined;
}

function readDefinition(args: DefinitionArgs): Definition {
  const { name, kind, url, host, to, every } = args;
  const written = Object.entries({ name, kind, url, host, check_interval: every }).filter(([, value]) => value);
  return {
    ...(args.file === undefined ? {} : readMap(args.file === '-' ? '/dev/stdin' : args.file)),
    ...(args.keys === undefined ? {} : asMap(parse(args.keys), '--keys')),
    ...Object.fromEntries(written),
    ...(to === undefined ? {} : { port: Number(to) }),
  };
}

function readMap(path: string): Definition {
  try {
    return asMap(parse(readFileSync(path, 'utf8')), path);
  } catch (cause) {
    if (cause instanceof YumOpsError) throw cause;
    throw new YumOpsError('wrong_use', `${path} cannot be read: ${messageOf(cause)}`, { cause, status: 400 });
  }
}

function asMap(value: unknown, where: string): Definition {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Definition;
  throw new YumOpsError('wrong_use', `${where} does not hold one monitor.`, {
    hint: 'Write the keys of one item of `monitors:`, for example name: and url:.',
    status: 400,
  });
}

function test(client: Client, definition: Definition): Promise<MonitorTrial> {
  return client.post<MonitorTrial>('/api/v1/monitors/test', { definition });
}

function tell({ verdict, reason, durationMs, expectation }: MonitorTrial): void {
  process.stdout.write(`${verdict} in ${Math.round(durationMs)} ms: ${reason ?? expectation.join(', ')}\n`);
}

const isGood = ({ verdict }: MonitorTrial) => verdict === 'up' || verdict === 'degraded';

const add = defineCommand({
  meta: {
    name: 'yumops monitor add',
    description: 'Store a monitor and check it from now on; with --test only when it is up, exit 1 when it is not',
  },
  args: { ...definitionArgs, test: { type: 'boolean', description: 'Try it out first' } },
  async run({ args }) {
    const definition = readDefinition(args);
    const { trial, id } = await withClient(readSettings(args), async (client) => {
      const tried = args.test ? await test(client, definition) : null;
      if (tried && !isGood(tried)) return { trial: tried, id: null };
      return { trial: tried, ...(await client.post<{ id: string }>('/api/v1/monitors', definition)) };
    });
    if (args.json) printJson({ id, trial });
    else {
      if (trial) tell(trial);
      process.stdout.write(id === null ? 'Not stored.\n' : `Stored: ${id}\n`);
    }
    return id === null ? 1 : 0;
  },
});

const tryOut = defineCommand({
  meta: {
    name: 'yumops monitor test',
    description: 'Make one check that counts for nothing: of a monitor that there is, or of one in words or a file',
  },
  args: {
    ...definitionArgs,
    of: { type: 'string', description: 'Name or id of a monitor that there is', valueHint: 'NAME' },
  },
  async run({ args }) {
    const trial = await withClient(readSettings(args), (client) =>
      args.of === undefined
        ? test(client, readDefinition(args))
        : client.post<MonitorTrial>(`/api/v1/monitors/${encodeURIComponent(args.of)}/check`),
    );
    if (args.json) printJson(trial);
    else tell(trial);
    return isGood(trial) ? 0 : 1;
  },
});

const idArgs = {
  ...platformArgs,
  id: { type: 'positional', required: true, description: 'Id from `yumops monitors --json`', valueHint: 'ID' },
} as const;

/** A change of one stored monitor. */
function changing(verb: string, description: string, done: string, change: (client: Client, path: string) => unknown) {
  return defineCommand({
    meta: { name: `yumops monitor ${verb}`, description },
    args: idArgs,
    async run({ args }) {
      await withClient(readSettings(args), async (client) => {
        await change(client, `/api/v1/monitors/${encodeURIComponent(args.id)}`);
      });
      if (args.json) printJson({ id: args.id });
      else process.stdout.write(`${done}: ${args.id}.\n`);
      return 0;
    },
  });
}

const show = defineCommand({
  meta: { name: 'yumops monitor show', description: 'Print what was written of a stored monitor, secrets masked' },
  args: idArgs,
  async run({ args }) {
    const path = `/api/v1/monitors/${encodeURIComponent(args.id)}/definition`;
    printJson(await withClient(readSettings(args), (client) => client.get(path)));
    return 0;
  },
});

/** Monitors that stand in no file; those of files are changed in their files. */
export const monitor = defineCommand({
  meta: { name: 'yumops monitor', description: 'Try out, store, pause and remove monitors that stand in no file' },
  subCommands: {
    add,
    test: tryOut,
    show,
    pause: changing('pause', 'Stop checking a stored monitor', 'Paused', (client, path) =>
      client.post(`${path}/pause`),
    ),
    resume: changing('resume', 'Check it again', 'Checked again', (client, path) => client.post(`${path}/resume`)),
    remove: changing('remove', 'Remove a stored monitor', 'Removed', (client, path) => client.delete(path)),
  },
});
