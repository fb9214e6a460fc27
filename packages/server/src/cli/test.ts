import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { defineCommand } from 'citty';
import { formatFindings } from '../config/format.ts';
import { readSettings } from '../config/settings.ts';
import { systemClock } from '../lib/clock.ts';
import { YumOpsError } from '../lib/errors.ts';
import { commonArgs, printJson } from './command.ts';
import { runScenario } from './run-scenario.ts';

const SCENARIO = /\.scenario\.ya?ml$/;
const SKIPPED: ReadonlySet<string> = new Set(['node_modules', 'dist']);

/** How one file ended. */
interface Outcome {
  file: string;
  scenario: string | null;
  passed: boolean;
  failures: string[];
  elapsedMs: number;
}

export const test = defineCommand({
  meta: { name: 'yumops test', description: 'Run scenario files (*.scenario.yml); exit 1 when one fails' },
  args: {
    ...commonArgs,
    path: {
      type: 'positional',
      required: false,
      description: 'Scenario file, or folder with such; default the folder of the configuration (YUMOPS_CONFIG)',
      valueHint: 'FILE|DIR',
    },
    config: { type: 'string', description: 'The same as FILE|DIR', valueHint: 'DIR' },
  },
  async run({ args }) {
    const settings = readSettings(args);
    const outcomes: Outcome[] = [];
    for (const file of scenarioFiles(args.path ?? settings.config ?? '.')) {
      outcomes.push(await outcomeOf(file, settings.env));
      if (!args.json) process.stdout.write(formatOutcome(outcomes.at(-1) as Outcome));
    }
    const failed = outcomes.filter(({ passed }) => !passed).length;
    const passed = outcomes.length - failed;
    if (args.json) printJson({ passed, failed, scenarios: outcomes });
    else process.stdout.write(`${passed} passed, ${failed} failed\n`);
    return failed === 0 ? 0 : 1;
  },
});

/** Scenario files in order of their paths, relative to the working folder. */
function scenarioFiles(path: string): string[] {
  const start = resolve(path);
  if (!existsSync(start)) {
    throw new YumOpsError('wrong_use', `There is no file or folder ${path}.`, { status: 400 });
  }
  const isScenario = SCENARIO.test(start);
  if (!statSync(start).isDirectory() && isScenario) return [relative('', start)];
  // A configuration file stands for its folder, as it does in YUMOPS_CONFIG.
  const files = within(statSync(start).isDirectory() ? start : dirname(start)).map((file) => relative('', file));
  if (files.length > 0) return files.sort();
  throw new YumOpsError('no_scenarios', `There is no scenario file in ${path}.`, {
    hint: 'Their names end in .scenario.yml.',
    status: 404,
  });
}

function within(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return SKIPPED.has(entry.name) || entry.name.startsWith('.') ? [] : within(path);
    return SCENARIO.test(entry.name) ? [path] : [];
  });
}

async function outcomeOf(file: string, env: Readonly<Record<string, string | undefined>>): Promise<Outcome> {
  const run = await runScenario(file, env, systemClock.monotonic);
  if (run.refused) {
    const failures = formatFindings(run.findings).trimEnd().split('\n');
    return { file, scenario: null, passed: false, failures, elapsedMs: 0 };
  }
  const { failures } = run.report;
  const elapsedMs = Math.round(run.elapsedMs);
  return { file, scenario: run.name, passed: failures.length === 0, failures, elapsedMs };
}

function formatOutcome({ file, scenario, passed, failures, elapsedMs }: Outcome): string {
  const title = scenario === null ? 'it cannot run' : `${scenario} (${elapsedMs} ms)`;
  return `${passed ? 'passed' : 'FAILED'}  ${file}: ${title}\n${failures.map((text) => `        ${text}\n`).join('')}`;
}
