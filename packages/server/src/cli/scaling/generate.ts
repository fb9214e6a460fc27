import { dirname, resolve } from 'node:path';
import { defineCommand } from 'citty';
import { generateVercel, type VercelFile } from '../../care/scaling/index.ts';
import { systemClock } from '../../lib/clock.ts';
import { codeOf, YumOpsError } from '../../lib/errors.ts';
import { readProjectFiles, readVercelFile } from '../../main/vercel-file.ts';
import { printJson } from '../command.ts';
import { vercelArgs, vercelBasis } from './vercel-args.ts';

/** The file as it is; an empty one where there is none yet. */
async function existing(file: string, root: string): Promise<VercelFile> {
  try {
    const { value, findings } = await readVercelFile(file, root);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as VercelFile;
    const [first] = findings;
    const where = first ? ` (line ${first.line}, column ${first.col})` : '';
    throw new YumOpsError('wrong_use', `${file} is not a map in JSON${where}.`, {
      hint: 'Mend it first: `yumops scaling check` tells what is wrong.',
      status: 400,
    });
  } catch (error) {
    if (codeOf(error) === 'no_such_file') return {};
    throw error;
  }
}

export const generate = defineCommand({
  meta: {
    name: 'yumops scaling generate',
    description: 'Print a vercel.json from measured durations and configured jobs; the reasons go to standard error',
  },
  args: vercelArgs,
  async run({ args }) {
    const { file, root, plan, jobs, measured } = await vercelBasis(args);
    const generated = generateVercel({
      existing: await existing(file, root),
      ...{ plan, jobs, now: systemClock.now() },
      files: await readProjectFiles(dirname(resolve(root, file))),
      routes: measured?.routes.items ?? [],
    });
    if (args.json) {
      printJson(generated);
      return 0;
    }
    process.stdout.write(`${JSON.stringify(generated.file, null, 2)}\n`);
    for (const { setting, reason } of generated.reasons) process.stderr.write(`${setting}: ${reason}\n`);
    if (measured === null) process.stderr.write('No platform runs here: nothing was measured.\n');
    return 0;
  },
});
