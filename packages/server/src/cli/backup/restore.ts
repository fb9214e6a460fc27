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
  return answer === name;
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
      if (args.to !== undefined && args['to-dir'] !== undefined) {
        throw wrongUse(
          '--to and --to-dir exclude each other.',
          'Restore the database and the files one after the other.',
        );
      }
      if (args.schema !== undefined && args.table !== undefined) {
        throw wrongUse(
          '--schema and --table exclude each other.',
          'Write --table schema.table for one table of a schema.',
        );
      }
      if (args.at !== undefined) return restoreMoment(backups, args, hooks);
      if (args.to !== undefined) return restoreDatabase(backups, args, hooks);
      if (args['to-dir'] !== undefined) return restoreToFolder(backups, args, hooks);
      throw wrongUse('It is not said where to.', 'Give --to URL for the database, --to-dir DIR for files.');
    }),
});
