import { existsSync, readFileSync } from 'node:fs';
import { defineCommand } from 'citty';
import { parse, stringify } from 'yaml';
import { writeFileAtomic } from '../lib/atomic-file.ts';
import { messageOf, YumOpsError } from '../lib/errors.ts';
import { type Imported, importMonitors } from '../observe/uptime/import/index.ts';
import { commonArgs, printJson } from './command.ts';

/** Writes monitors of another tool as a file of ours; exit 1 when something had to be left out. */
export const monitorsImport = defineCommand({
  meta: {
    name: 'yumops monitors import',
    description:
      'Turn a backup of Uptime Kuma or a configuration of Gatus into monitors; exit 1 when something was left out',
  },
  args: {
    ...commonArgs,
    file: { type: 'positional', required: true, description: 'JSON or YAML file of the other tool', valueHint: 'FILE' },
    output: { type: 'string', description: 'File to write, default the standard output', valueHint: 'FILE' },
  },
  async run({ args }) {
    const imported = importMonitors(readDocument(args.file));
    const text = fileText(imported);
    if (args.output !== undefined) {
      if (existsSync(args.output)) throw exists(args.output);
      await writeFileAtomic(args.output, text);
    }
    if (args.json) printJson(imported);
    else if (args.output === undefined) process.stdout.write(text);
    if (!args.json) report(imported, args.output);
    return imported.notes.some(({ message }) => message.startsWith('left out')) ? 1 : 0;
  },
});

function readDocument(path: string): unknown {
  try {
    return parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new YumOpsError('import_unreadable', `${path} cannot be read: ${messageOf(cause)}`, { cause });
  }
}

function fileText({ source, monitors }: Imported): string {
  return `# Imported from ${source}. Check it with \`yumops check\`.\n${stringify({ monitors }, { lineWidth: 120 })}`;
}

/** What a person should know goes to the standard error, so that the file alone is on the standard output. */
function report({ monitors, notes, variables }: Imported, output: string | undefined): void {
  const lines = [
    `${monitors.length} monitors${output === undefined ? '' : ` in ${output}`}`,
    ...notes.map(({ monitor, message }) => `  ${monitor}: ${message}`),
    ...(variables.length > 0
      ? ['Secrets were not copied. Set these variables:', ...variables.map((name) => `  ${name}`)]
      : []),
  ];
  process.stderr.write(`${lines.join('\n')}\n`);
}

function exists(path: string): YumOpsError {
  return new YumOpsError('file_exists', `${path} exists already.`, {
    hint: 'Name another file with --output, or move it away.',
    status: 400,
  });
}
