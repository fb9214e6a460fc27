import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineCommand } from 'citty';
import { type DatabaseConfig, installScript, scramVerifier } from '../../care/database/index.ts';
import type { Settings } from '../../config/settings.ts';
import { YumOpsError } from '../../lib/errors.ts';
import { Secret } from '../../lib/secret.ts';
import { printJson } from '../command.ts';
import { chooseDatabases, databaseArgs, withDatabase } from './open.ts';

const SCRIPTS = fileURLToPath(new URL('../../../sql/monitored', import.meta.url));

const DEFAULT_ROLE = 'yumops_monitor';

async function readScripts(): Promise<string[]> {
  const files = (await readdir(SCRIPTS)).filter((name) => name.endsWith('.sql')).sort();
  return Promise.all(files.map((name) => readFile(join(SCRIPTS, name), 'utf8')));
}

function wrongUse(message: string, hint: string): YumOpsError {
  return new YumOpsError('wrong_use', message, { hint, status: 400 });
}

/** The address of an administrator, given by the name of a variable: an address on a command line is seen by all. */
function administrator(as: string | undefined, { env }: Settings): Secret | null {
  if (as === undefined) return null;
  const variable = /^(?:\$\{(\w+)\}|(\w+))$/.exec(as);
  const name = variable?.[1] ?? variable?.[2];
  if (name === undefined) {
    throw wrongUse('--as takes the name of an environment variable.', 'For example --as ADMIN_DATABASE_URL.');
  }
  const url = env[name];
  if (!url)
    throw wrongUse(`The environment variable ${name} is not set.`, `Put the address of an administrator there.`);
  return new Secret(url);
}

/** The role that will watch, and what Postgres is to keep of its password. */
function watcher(
  { url, broken }: DatabaseConfig,
  admin: Secret | null,
  role: string | undefined,
): { role: string; verifier: string | null } {
  if (admin === null || broken !== null) return { role: role ?? DEFAULT_ROLE, verifier: null };
  const { username, password } = new URL(url.reveal());
  const verifier = password === '' ? null : scramVerifier(decodeURIComponent(password), randomBytes(16));
  return { role: role ?? (decodeURIComponent(username) || DEFAULT_ROLE), verifier };
}

function onlyOne(databases: readonly DatabaseConfig[]): DatabaseConfig {
  const [database, ...others] = databases;
  if (database && others.length === 0) return database;
  throw wrongUse(
    'Several databases are configured.',
    `Name one of them: ${databases.map(({ name }) => name).join(', ')}.`,
  );
}

export const databaseInstall = defineCommand({
  meta: {
    name: 'yumops db install',
    description: 'Install the monitoring functions and a role with the least rights; print the script, or apply it',
  },
  args: {
    ...databaseArgs,
    print: { type: 'boolean', description: 'Print the script (the default)' },
    apply: { type: 'boolean', description: 'Run it in one transaction' },
    role: { type: 'string', description: `Role that watches, default ${DEFAULT_ROLE}`, valueHint: 'ROLE' },
    as: {
      type: 'string',
      description: 'Environment variable with the address of an administrator; the role is then that of the url',
      valueHint: 'VARIABLE',
    },
  },
  async run({ args }) {
    if (args.apply && args.print) throw wrongUse('--print and --apply exclude each other.', 'Give one of them.');
    const { databases, settings } = await chooseDatabases(args);
    const database = onlyOne(databases);
    const admin = administrator(args.as, settings);
    const { role, verifier } = watcher(database, admin, args.role);
    const plan = { profile: database.profile, role, scripts: await readScripts() };
    if (!args.apply) {
      const sql = `BEGIN;\n\n${installScript({ ...plan, verifier: null })}\nCOMMIT;\n`;
      if (args.json) printJson({ database: database.name, role, applied: false, sql, notices: [] });
      else process.stdout.write(`${sql}\n-- Then give the role a password: \\password ${role}\n`);
      return 0;
    }
    const target = admin === null ? database : { ...database, url: admin, broken: null };
    const notices = await withDatabase(target, (db) => db.apply(installScript({ ...plan, verifier })));
    const warnings = notices.filter((notice) => notice.startsWith('WARNING'));
    if (args.json) printJson({ database: database.name, role, applied: true, notices: warnings });
    else {
      process.stdout.write(warnings.map((warning) => `${warning}\n`).join(''));
      process.stdout.write(`Installed in "${database.name}" for the role "${role}".\n`);
      if (verifier === null)
        process.stdout.write(`If the role is new, give it a password in psql: \\password ${role}\n`);
      process.stdout.write('See `yumops db check`.\n');
    }
    return 0;
  },
});
