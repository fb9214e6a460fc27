import { defineCommand } from 'citty';
import { formatFindings } from '../config/format.ts';
import { readSettings } from '../config/settings.ts';
import { systemClock } from '../lib/clock.ts';
import { YumOpsError } from '../lib/errors.ts';
import type { SimulationReport } from '../respond/simulate/index.ts';
import { commonArgs, printJson } from './command.ts';
import { paintFor } from './paint.ts';
import { runScenario } from './run-scenario.ts';
import { formatTable } from './table.ts';

export const simulate = defineCommand({
  meta: {
    name: 'yumops simulate',
    description:
      'Run a scenario file on a clock of its own and show who is told when; exit 1 when it is not as expected',
  },
  args: {
    ...commonArgs,
    file: { type: 'positional', required: true, description: 'Scenario file', valueHint: 'FILE' },
  },
  async run({ args }) {
    const { env } = readSettings({});
    const run = await runScenario(args.file, env, systemClock.monotonic);
    if (run.refused) {
      const { findings } = run;
      const error = new YumOpsError('scenario_refused', `${args.file} is no scenario that can run.`, { status: 422 });
      if (args.json) printJson({ error: error.toProblem(), findings });
      else {
        const paint = paintFor(env);
        process.stdout.write(formatFindings(findings, paint));
      }
      return 1;
    }
    const { name, report } = run;
    if (args.json) printJson(report);
    else process.stdout.write(formatReport(name, report));
    return report.failures.length === 0 ? 0 : 1;
  },
});

/** What happens, in order: messages, changes of state and acknowledgements. */
function formatReport(name: string, { notifications, states, acks, failures }: SimulationReport): string {
  const rows = [
    ...states.map(({ t, rule, from, to, reason }) => ({ t, what: `${rule}: ${from} → ${to}`, why: reason })),
    ...acks.map(({ t, rule, by, via }) => ({ t, what: `${rule}: acknowledged`, why: `by ${by}, ${via}` })),
    ...notifications.map(({ t, channel, target, kind, rule, answer, reason }) => {
      const fate = answer === 200 ? '' : ` (answered ${answer})`;
      return { t, what: `  ${channel} ${target}: ${kind} ${rule}${fate}`, why: reason };
    }),
  ].sort((a, b) => a.t - b.t);
  const table = formatTable(
    [
      { heading: 'SECONDS', cell: (row) => String(row.t), align: 'right' },
      { heading: 'WHAT', cell: (row) => row.what },
      { heading: 'WHY', cell: (row) => row.why },
    ],
    rows,
  );
  const verdict =
    failures.length === 0 ? 'As expected.\n' : `Not as expected:\n${failures.map((text) => `  ${text}\n`).join('')}`;
  return `${name}\n\n${table || 'Nothing happens.\n'}\n${verdict}`;
}
