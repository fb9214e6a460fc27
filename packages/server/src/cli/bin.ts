#!/usr/bin/env node
import { stripVTControlCharacters } from 'node:util';
import { type ArgsDef, type CommandDef, parseArgs, renderUsage, runCommand } from 'citty';
import { codeOf, messageOf, type Problem, YumOpsError } from '../lib/errors.ts';
import { keepYoungObjectsFew } from '../lib/stream-memory.ts';
import { VERSION } from '../version.ts';
import { printJson } from './command.ts';

const EXIT_PROBLEMS = 1;
const EXIT_WRONG_USE = 2;

/** Commands differ in their arguments; here only what all have in common counts. */
type AnyCommand = CommandDef<ArgsDef>;

const COMMANDS: Record<string, { about: string; load(): Promise<unknown> }> = {
  start: { about: 'Run the platform', load: async () => (await import('./start.ts')).start },
  check: { about: 'Check configuration files', load: async () => (await import('./check.ts')).check },
  plan: { about: 'Show what a new configuration would change', load: async () => (await import('./plan.ts')).plan },
  apply: { about: 'Put a new configuration into use', load: async () => (await import('./apply.ts')).apply },
  simulate: {
    about: 'Run a scenario through the alert path, on a clock of its own',
    load: async () => (await import('./simulate.ts')).simulate,
  },
  replay: { about: 'Try a rule on stored history', load: async () => (await import('./replay.ts')).replay },
  test: { about: 'Run all scenario files', load: async () => (await import('./test.ts')).test },
  logs: { about: 'Search and follow logs', load: async () => (await import('./logs.ts')).logs },
  query: {
    about: 'Run SQL over logs, requests, metrics and checks',
    load: async () => (await import('./query.ts')).query,
  },
  monitors: { about: 'List uptime monitors', load: async () => (await import('./monitors.ts')).monitors },
  monitor: {
    about: 'Try out, store, pause and remove monitors',
    load: async () => (await import('./monitor.ts')).monitor,
  },
  probe: {
    about: 'Check monitors from here for a platform elsewhere',
    load: async () => (await import('./probe.ts')).probe,
  },
  alerts: { about: 'List alerts', load: async () => (await import('./alerts.ts')).alerts },
  ack: { about: 'Acknowledge an alert', load: async () => (await import('./ack.ts')).ack },
  watchdog: { about: 'Watch the platform from outside', load: async () => (await import('./watchdog.ts')).watchdog },
  escalate: { about: 'Pass an alert on', load: async () => (await import('./escalate.ts')).escalate },
  resolve: { about: 'Resolve an alert by hand', load: async () => (await import('./resolve.ts')).resolve },
  security: {
    about: 'Attacks, who is shut out, and what scans say is wrong',
    load: async () => (await import('./security.ts')).security,
  },
  silence: { about: 'Mute alerts for a time', load: async () => (await import('./silence.ts')).silence },
  window: {
    about: 'Plan work that neither pages nor counts, and mute times',
    load: async () => (await import('./window.ts')).window,
  },
  incident: {
    about: 'Declare incidents, follow them, write their postmortem',
    load: async () => (await import('./incident.ts')).incident,
  },
  procedure: {
    about: 'Planned work by a checklist: begin, mark steps, finish',
    load: async () => (await import('./procedure.ts')).procedure,
  },
  status: {
    about: 'What visitors of the status page see, and what they are told',
    load: async () => (await import('./status-posts.ts')).status,
  },
  'status-page': {
    about: 'Write on the public status page, serve it while the platform is away',
    load: async () => (await import('./status-page.ts')).statusPage,
  },
  vitals: { about: 'Compare the web vitals of two releases', load: async () => (await import('./vitals.ts')).vitals },
  slos: { about: 'Show objectives and their error budgets', load: async () => (await import('./slos.ts')).slos },
  scaling: {
    about: 'Days to each limit, and checks of vercel.json',
    load: async () => (await import('./scaling.ts')).scaling,
  },
  oncall: { about: 'Show who is on call', load: async () => (await import('./oncall.ts')).oncall },
  notify: { about: 'Try the ways by which people are told', load: async () => (await import('./notify.ts')).notify },
  db: { about: 'Look after the databases of the application', load: async () => (await import('./db.ts')).db },
  instances: {
    about: 'List the instances of the platform and what they do',
    load: async () => (await import('./instances.ts')).instances,
  },
  job: { about: 'Jobs at set times: list, run, follow', load: async () => (await import('./job.ts')).job },
  report: {
    about: 'Reports: what happened, what changed, what to do next',
    load: async () => (await import('./report.ts')).report,
  },
  maintain: {
    about: 'Upkeep of a database: vacuum, reindex, retention',
    load: async () => (await import('./maintain.ts')).maintain,
  },
  backup: {
    about: 'Make, check and restore backups',
    load: async () => {
      keepYoungObjectsFew();
      return (await import('./backup.ts')).backup;
    },
  },
  'restore-self': {
    about: 'Bring YumOps back on an empty machine',
    load: async () => (await import('./restore-self.ts')).restoreSelfCommand,
  },
  sourcemaps: {
    about: 'Upload the source maps of a build',
    load: async () => (await import('./sourcemaps.ts')).sourcemaps,
  },
  contact: {
    about: 'How people are reached: their addresses and rules of their own',
    load: async () => (await import('./contact.ts')).contact,
  },
  mcp: { about: 'Serve the tools of agents on stdio', load: async () => (await import('./mcp.ts')).mcp },
  secrets: {
    about: 'The secret key: what stands under it, a new one',
    load: async () => (await import('./secrets.ts')).secrets,
  },
  'ingest-key': {
    about: 'Keys of senders: make, list, revoke',
    load: async () => (await import('./ingest-key.ts')).ingestKey,
  },
  token: { about: 'Make API tokens', load: async () => (await import('./token.ts')).token },
  user: { about: 'Make console accounts', load: async () => (await import('./user.ts')).user },
  audit: { about: 'Show who did what', load: async () => (await import('./audit.ts')).audit },
  erase: { about: "Erase a person's data, or an address", load: async () => (await import('./erase.ts')).erase },
  export: { about: 'Write all data as NDJSON', load: async () => (await import('./export.ts')).exportAll },
  doctor: { about: 'Check this machine and this installation', load: async () => (await import('./doctor.ts')).doctor },
};

function usage(): string {
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length));
  const lines = Object.entries(COMMANDS).map(([name, { about }]) => `  ${name.padEnd(width)}  ${about}`);
  return [
    `yumops ${VERSION}: the operations platform that keeps a production web app alive.`,
    '',
    'Usage: yumops COMMAND [options]',
    '',
    ...lines,
    '',
    'Every command takes --json and --help. Exit codes: 0 done, 1 found problems, 2 wrong use.',
    '',
  ].join('\n');
}

function wrongUse(message: string, hint: string): YumOpsError {
  return new YumOpsError('wrong_use', message, { hint, status: 400 });
}

/** A query of logs may begin with a dash; after `--` it is no option. */
const dashHint = (name: string) => (name === 'logs' ? ' A query that begins with a dash goes after `--`.' : '');

/** Options that the command does not know are refused rather than ignored. */
function refuseUnknownOptions(name: string, args: ArgsDef, raw: readonly string[]): void {
  const known = new Set(
    Object.entries(args).flatMap(([key, arg]) => [
      key,
      `no-${key}`,
      ...[arg && 'alias' in arg ? (arg.alias ?? []) : []].flat(),
    ]),
  );
  for (const word of raw) {
    if (word === '--') return;
    const option = /^--?([a-z][\w-]*)/i.exec(word)?.[1];
    if (option !== undefined && !known.has(option)) {
      throw wrongUse(`yumops ${name} has no option --${option}.`, `See \`yumops ${name} --help\`.${dashHint(name)}`);
    }
  }
}

/** Words that no argument takes are refused too: an unquoted query would silently lose all but its first word. */
function refuseSurplusWords(name: string, args: ArgsDef, raw: string[]): void {
  const taken = Object.values(args).filter((arg) => arg?.type === 'positional').length;
  const surplus = parseArgs(raw, args)._.slice(taken);
  if (surplus.length === 0) return;
  const hint = taken === 0 ? `See \`yumops ${name} --help\`.` : 'Put quotes around an argument that has spaces.';
  throw wrongUse(`yumops ${name} does not take "${surplus.join(' ')}".`, hint);
}

async function loadCommand(
  name: string,
  rest: string[],
): Promise<{ command: AnyCommand; path: string; args: string[] }> {
  const entry = COMMANDS[name];
  if (!entry) throw wrongUse(`There is no command "${name}".`, 'See `yumops --help`.');
  return choosePart((await entry.load()) as AnyCommand, name, rest);
}

/** Goes down to the part that the words name, such as `security blocks list`. */
function choosePart(
  command: AnyCommand,
  path: string,
  args: string[],
): { command: AnyCommand; path: string; args: string[] } {
  const children = command.subCommands as Record<string, AnyCommand> | undefined;
  const child = args[0] !== undefined ? children?.[args[0]] : undefined;
  if (child) return choosePart(child, `${path} ${args[0]}`, args.slice(1));
  if (children && !command.run && !args.includes('--help')) {
    throw wrongUse(
      `yumops ${path} needs one of: ${Object.keys(children).join(', ')}.`,
      `See \`yumops ${path} --help\`.`,
    );
  }
  return { command, path, args };
}

/** Words that begin with a dash and are a comment of SQL or a condition of a log query, such as `-level:info`. */
const QUERY_TEXT = /^-(?:-?\s|[\w.]+:|["(])/;

/** A space before it lets the parser take such a word as text. */
const asText = (word: string) => (QUERY_TEXT.test(word) ? ` ${word}` : word);

async function main(raw: string[]): Promise<void> {
  const [name, ...rest] = raw;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(usage());
    process.exitCode = name === undefined ? EXIT_WRONG_USE : 0;
    return;
  }
  if (name === '--version' || name === '-v') {
    process.stdout.write(`${VERSION}\n`);
    return;
  }
  const { command, path, args } = await loadCommand(name, rest.map(asText));
  if (args.includes('--help') || args.includes('-h')) {
    const text = await renderUsage(command);
    process.stdout.write(`${process.stdout.isTTY ? text : stripVTControlCharacters(text)}\n`);
    return;
  }
  const known = (command.args ?? {}) as ArgsDef;
  refuseUnknownOptions(path, known, args);
  refuseSurplusWords(path, known, args);
  // The command has been chosen: its parser would take the value of an option for the name of a part.
  const { subCommands: _parts, ...chosen } = command;
  const { result } = await runCommand(chosen, { rawArgs: args });
  if (typeof result === 'number') process.exitCode = result;
}

function thrown(message: string, isWrongUse: boolean, name = ''): Problem {
  if (!isWrongUse) return { code: 'internal_error', message };
  return { code: 'wrong_use', message, hint: `See \`yumops ${COMMANDS[name] ? `${name} ` : ''}--help\`.` };
}

async function report(error: unknown, raw: readonly string[]): Promise<void> {
  const wrong = error instanceof Error && error.name === 'CLIError';
  const text = stripVTControlCharacters(messageOf(error));
  const problem = error instanceof YumOpsError ? error.toProblem() : thrown(text, wrong, raw[0]);
  if (raw.includes('--json')) printJson({ error: problem });
  else process.stderr.write(`yumops: ${problem.message}\n${problem.hint ? `  ${problem.hint}\n` : ''}`);
  process.exitCode = problem.code === 'wrong_use' ? EXIT_WRONG_USE : EXIT_PROBLEMS;
  if (problem.code !== 'internal_error' || !(error instanceof Error)) return;
  const { sourceStack } = await import('../lib/source-stack.ts');
  process.stderr.write(`${sourceStack(error)}\n`);
}

const raw = process.argv.slice(2);

/** `yumops … | head`: whoever read the output has seen enough. The platform itself goes on without a reader. */
process.stdout.on('error', (error) => {
  if (codeOf(error) !== 'EPIPE') throw error;
  if (raw[0] !== 'start') process.exit(0);
});

main(raw).catch((error: unknown) => report(error, raw));
