import { defineCommand } from 'citty';
import { formatFindings, formatSummary } from '../../config/format.ts';
import { readSettings } from '../../config/settings.ts';
import { systemClock } from '../../lib/clock.ts';
import { checkVercelFile } from '../../main/vercel-file.ts';
import { printJson } from '../command.ts';
import { paintFor } from '../paint.ts';
import { vercelArgs, vercelBasis } from './vercel-args.ts';

export const check = defineCommand({
  meta: {
    name: 'yumops scaling check',
    description:
      "Check a vercel.json against Vercel's limits, the project's files, the configured jobs and, where the platform runs, the request log; exit 1 when there are errors or warnings",
  },
  args: vercelArgs,
  async run({ args }) {
    const { file, root, plan, jobs, measured } = await vercelBasis(args);
    const findings = await checkVercelFile(
      file,
      {
        plan,
        jobs,
        now: systemClock.now(),
        measured: measured && { routes: measured.routes.items, memory: measured.memory.items },
      },
      root,
    );
    const exitCode = findings.some(({ severity }) => severity !== 'info') ? 1 : 0;
    if (args.json) {
      printJson({ findings });
      return exitCode;
    }
    const paint = paintFor(readSettings(args).env);
    const asked = measured === null ? ' No platform runs here: nothing was compared with the request log.' : '';
    process.stdout.write(`${formatFindings(findings, paint)}${formatSummary(findings, 1)} Plan: ${plan}.${asked}\n`);
    return exitCode;
  },
});
