import { existsSync } from 'node:fs';
import { defineCommand } from 'citty';
import { changedSecrets, changesBetween, needRestart, partsOf } from '../config/changes.ts';
import { formatFindings } from '../config/format.ts';
import { loadConfig } from '../config/load.ts';
import { readSettings, type Settings } from '../config/settings.ts';
import { commonArgs, printJson } from './command.ts';
import { configurationInUse, type InUse } from './configuration-in-use.ts';
import { formatChanges, type Plan } from './format-changes.ts';
import { paintFor } from './paint.ts';

/** Arguments of `plan` and `apply`. */
export const planArgs = {
  ...commonArgs,
  path: {
    type: 'positional',
    required: false,
    description: 'The new configuration: folder or file, default the working folder',
    valueHint: 'DIR|FILE',
  },
  config: {
    type: 'string',
    description: 'The configuration in use, default what the running platform uses, else YUMOPS_CONFIG',
    valueHint: 'DIR|FILE',
  },
  data: { type: 'string', description: 'Data folder of the running platform (YUMOPS_DATA)', valueHint: 'DIR' },
  port: { type: 'string', description: 'Port of the platform, default 4600 (YUMOPS_PORT)', valueHint: 'N' },
} as const;

/** What the configuration at `path` changes, and what it is compared with. */
export async function makePlan(settings: Settings, path: string | undefined) {
  const inUse = await configurationInUse(settings);
  const loaded = loadConfig({ path: path ?? '.', env: settings.env });
  const used = partsOf(inUse.files.filter((file) => existsSync(file)));
  const changes = loaded.config
    ? [...changesBetween(used, partsOf(loaded.files)), ...changedSecrets(loaded, inUse.root)]
    : [];
  const plan: Plan = {
    changes,
    findings: loaded.findings,
    refused: loaded.config === undefined,
    restart: needRestart(changes),
  };
  return { plan, inUse, loaded };
}

/** Prints a plan as text, with what speaks against it. */
export function printPlan(plan: Plan, { where }: Pick<InUse, 'where'>, { env }: Settings): void {
  const paint = paintFor(env);
  process.stdout.write(
    formatFindings(
      plan.findings.filter(({ severity }) => severity === 'error'),
      paint,
    ),
  );
  process.stdout.write(formatChanges(plan, where, paint));
}

export const plan = defineCommand({
  meta: { name: 'yumops plan', description: 'Show what a new configuration would change of the one in use' },
  args: planArgs,
  async run({ args }) {
    const settings = readSettings(args);
    const made = await makePlan(settings, args.path);
    if (args.json) printJson(made.plan);
    else printPlan(made.plan, made.inUse, settings);
    return made.plan.refused ? 1 : 0;
  },
});
