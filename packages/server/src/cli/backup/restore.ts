import { resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { defineCommand } from 'citty';
import { readSettings } from '../../config/settings.ts';
import { systemClock } from '../../lib/clock.ts';
import { codeOf, YumOpsError } from '../../lib/errors.ts';
import { missingVariable, Secret } from '../../lib/secret.ts';
import type { Backups } from '../../main/backup/backups.ts';
import { printJson } from '../command.ts';
import { backupArgs, type CommandHooks, fromArg, jobsArg, readJobs, withBackups } from './open.ts';

interface RestoreArgs {
  id: string;
  json?: boolean | undefined;
  to?: string | undefined;
  table?: string | undefined;
  schema?: string | undefined;
  file?: string | undefined;
  at?: string | undefined;
  'to-dir'?: string | undefined;
  yes?: boolean | undefined;
  jobs?: string | undefined;
}

function wrongUse(message: string, hint: string): YumOpsError {
  return new YumOpsError('wrong_use', message, { hint, status: 400 });
}

/** The address of the target; `${NAME}` stands for a variable, so that no password need be on a command line. */
export function readTarget(text: string, env: Readonly<Record<string, string | undefined>>): Secret {
  const url = text.replace(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (reference, name: string) => env[name] ?? reference);
  const missing = missingVariable(url);
  if (missing !== undefined) {
    throw wrongUse(`The environment variable ${missing} is not set.`, 'Put the address of the target there.');
  }
  if (URL.canParse(url) && ['postgres:', 'postgresql:'].includes(new URL(url).protocol)) return new Secret(url);
  throw wrongUse('--to takes the address of a database.', `Write postgres://user:password@host/database or \${NAME}.`);
}

/** At a terminal somebody types the name of what will be replaced. */
async function confirm(error: unknown, to: Secret, hooks: CommandHooks): Promise<boolean> {
  if (codeOf(error) !== 'restore_needs_yes' || !process.stdin.isTTY || !process.stderr.isTTY) return false;
  const name = decodeURIComponent(new URL(to.reveal()).pathname.slice(1));
  hooks.print('');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const { message, hint } = error as YumOpsError;
  const answer = await terminal.question(`${message} ${hint ?? ''}\nType its name to go on: `);
  terminal.close();
  if (answer === name) return true;
  throw new YumOpsError('restore_not_confirmed', `"${answer}" is not "${name}": nothing was changed.`, {
    hint: 'Run it again and type the name as it is, or restore to another database.',
    status: 409,
  });
}

async function restoreDatabase(backups: Backups, args: RestoreArgs, hooks: CommandHooks): Promise<number> {
  const to = readTarget(args.to ?? '', readSettings({}).env);
  const began = systemClock.monotonic();
  const { table, schema } = args;
  const jobs = readJobs(args.jobs);
  const attempt = (yes: boolean) => backups.restore(args.id, to, { table, schema, yes, jobs }, hooks);
  const report = await attempt(args.yes === true).catch(async (error: unknown) => {
    if (args.json || !(await confirm(error, to, hooks))) throw error;
    return attempt(true);
  });
  const seconds = Math.round(systemClock.monotonic() - began) / 1_000;
  if (args.json) {
    printJson({ id: args.id, status: 'restored', ...report, seconds });
    return 0;
  }
  for (const warning of report.warnings) hooks.print(`Note: ${warning}\n`);
  const kept = report.kept === null ? '' : ` What was there is kept as "${report.kept}".`;
  hooks.print(`${whatOf(args)} is restored to "${report.database}" in ${seconds} s.${kept}\n`);
  return 0;
}

function whatOf({ table, schema }: RestoreArgs): string {
  if (schema !== undefined) return `The schema ${schema}`;
  return table === undefined ? 'The backup' : `The table ${table}`;
}

async function restoreToFolder(backups: Backups, args: RestoreArgs, hooks: CommandHooks): Promise<number> {
  const folder = resolve(args['to-dir'] ?? '');
  const { files, bytes } = await backups.restoreFiles(
    args.id,
    { path: args.file, folder, yes: args.yes === true },
    hooks,
  );
  if (args.json) printJson({ id: args.id, status: 'restored', folder, files, bytes });
  else hooks.print(`${files} file${files === 1 ? '' : 's'} restored to ${folder}.\n`);
  return 0;
}

async function restoreMoment(backups: Backups, args: RestoreArgs, hooks: CommandHooks): Promise<number> {
  if (args['to-dir'] === undefined) {
    throw wrongUse('--at restores a data directory.', 'Give --to-dir DIR, a folder that does not exist yet.');
  }
  const folder = resolve(args['to-dir']);
  const began = systemClock.monotonic();
  const cluster = await backups.restoreMoment(backups.config(args.id), args.at ?? '', folder, hooks);
  const seconds = Math.round(systemClock.monotonic() - began) / 1_000;
  const { base, moment, phases, warnings } = cluster;
  if (args.json) {
    printJson({ id: base.id, status: 'restored', folder, moment, seconds, phases, warnings });
    return 0;
  }
  for (const warning of warnings) hooks.print(`Note: ${warning}\n`);
  hooks.print(
    `${folder} is a data directory of PostgreSQL ${base.facts.server.version} as of ${moment}, recovered from ${base.id} in ${seconds} s. It is stopped, and archives nothing until you set archive_mode.\n`,
  );
  return 0;
}

/** Options that would have no effect beside another: whoever gives both must not find that more was restored than was meant. */
const CONTRADICTIONS: readonly (readonly [keyof RestoreArgs, keyof RestoreArgs, string])[] = [
  ['to', 'to-dir', 'Restore the database and the files one after the other.'],
  ['schema', 'table', 'Write --table schema.table for one table of a schema.'],
  [
    'at',
    'to',
    'A moment is restored as a data directory: --at TIME --to-dir DIR. Start it, and take from there what you need.',
  ],
  ['at', 'table', 'A moment is that of the whole server. Restore it, start it, and take the table from there.'],
  ['at', 'schema', 'A moment is that of the whole server. Restore it, start it, and take the schema from there.'],
  ['at', 'file', 'Files are restored from one backup: yumops backup restore ID --file PATH --to-dir DIR.'],
  ['to', 'file', 'Files go to a folder: --file PATH --to-dir DIR.'],
  ['to-dir', 'table', 'A table goes to a database: --table TABLE --to URL.'],
  ['to-dir', 'schema', 'A schema goes to a database: --schema SCHEMA --to URL.'],
];

/** @throws YumOpsError `wrong_use` where two options exclude each other */
export function refuseContradictions(args: Partial<RestoreArgs>): void {
  for (const [one, other, hint] of CONTRADICTIONS) {
    if (args[one] !== undefined && args[other] !== undefined) {
      throw wrongUse(`--${one} and --${other} exclude each other.`, hint);
    }
  }
}

export const backupRestore = defineCommand({
  meta: { name: 'yumops backup restore', description: 'Restore a database, one schema or table, or files' },
  args: {
    ...backupArgs,
    ...fromArg,
    ...jobsArg,
    id: {
      type: 'positional',
      required: true,
      description: 'As in yumops backup list; with --at the name',
      valueHint: 'ID',
    },
    to: { type: 'string', description: `Address of the target database; takes \${NAME}`, valueHint: 'URL' },
    table: {
      type: 'string',
      description: 'Only this table: table, schema.table or "Schema"."Table"',
      valueHint: 'TABLE',
    },
    schema: { type: 'string', description: 'Only this schema: name or "Name"', valueHint: 'SCHEMA' },
    file: { type: 'string', description: 'Only this file, or this folder', valueHint: 'PATH' },
    at: {
      type: 'string',
      description: 'With NAME and --to-dir: the server as it was at a time, a position or a restore point',
      valueHint: 'TIME|LSN|NAME',
    },
    'to-dir': { type: 'string', description: 'Folder that gets the files', valueHint: 'DIR' },
    yes: { type: 'boolean', description: 'Go on where the target is not empty; what is there is kept beside' },
  },
  run: ({ args }) =>
    withBackups(args, async (all, hooks) => {
      const backups = all.at(args.from);
      refuseContradictions(args);
      if (args.at !== undefined) return restoreMoment(backups, args, hooks);
      if (args.to !== undefined) return restoreDatabase(backups, args, hooks);
      if (args['to-dir'] !== undefined) return restoreToFolder(backups, args, hooks);
      throw wrongUse('It is not said where to.', 'Give --to URL for the database, --to-dir DIR for files.');
    }),
});
