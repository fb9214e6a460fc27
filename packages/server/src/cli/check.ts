import { defineCommand } from 'citty';
import { formatFindings, formatSummary } from '../config/format.ts';
import { loadConfig } from '../config/load.ts';
import { readSettings } from '../config/settings.ts';
import { commonArgs, printJson } from './command.ts';
import { paintFor } from './paint.ts';
import { runningFindings } from './running-findings.ts';

export const check = defineCommand({
  meta: { name: 'yumops check', description: 'Check configuration files; exit 1 when there are errors or warnings' },
  args: {
    ...commonArgs,
    path: {
      type: 'positional',
      required: false,
      description:
        'File or folder, default YUMOPS_CONFIG, else what the running platform uses, else the files of this folder',
      valueHint: 'FILE|DIR',
    },
    config: { type: 'string', description: 'The same as FILE|DIR', valueHint: 'DIR|FILE' },
    data: { type: 'string', description: 'Data folder of the running platform (YUMOPS_DATA)', valueHint: 'DIR' },
  },
  async run({ args }) {
    const settings = readSettings({ ...args, ...(args.path !== undefined && { config: args.path }) });
    const { findings, files } =
      (await runningFindings(settings)) ?? loadConfig({ path: settings.config, env: settings.env });
    const exitCode = findings.some(({ severity }) => severity !== 'info') ? 1 : 0;
    if (args.json) {
      printJson({ findings });
      return exitCode;
    }
    const paint = paintFor(settings.env);
    process.stdout.write(formatFindings(findings, paint));
    if (findings.length > 0) process.stdout.write('\n');
    process.stdout.write(`${formatSummary(findings, files.length)}\n`);
    return exitCode;
  },
});
