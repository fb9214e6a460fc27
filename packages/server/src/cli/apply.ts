import { setTimeout as sleep } from 'node:timers/promises';
import { defineCommand } from 'citty';
import { placeFiles } from '../config/place-files.ts';
import { readSettings } from '../config/settings.ts';
import { YumOpsError } from '../lib/errors.ts';
import { printJson } from './command.ts';
import type { InUse } from './configuration-in-use.ts';
import { makePlan, planArgs, printPlan } from './plan.ts';

const TAKEN_WITHIN_MS = 30_000;
/** The platform looks at its files every second: what it refuses sooner than this may be what stood there before. */
const REFUSED_AFTER_MS = 5_000;
const ASK_EVERY_MS = 250;

export const apply = defineCommand({
  meta: { name: 'yumops apply', description: 'Put a new configuration in the place of the one in use' },
  args: planArgs,
  async run({ args }) {
    const settings = readSettings(args);
    const { plan, inUse, loaded } = await makePlan(settings, args.path);
    const isNew = !plan.refused && loaded.root !== inUse.root && plan.changes.length > 0;
    const before = isNew ? await inUse.ask?.() : undefined;
    const kept = isNew ? await placeFiles(loaded, inUse, settings.dataDir) : null;
    if (isNew) await taken(inUse, before?.loadedAt);
    if (args.json) printJson({ ...plan, applied: isNew, kept });
    else {
      printPlan(plan, inUse, settings);
      process.stdout.write(outcome(isNew, { ...inUse, isOwn: loaded.root === inUse.root, kept }));
    }
    return plan.refused ? 1 : 0;
  },
});

function outcome(isNew: boolean, { root, ask, isOwn, kept }: InUse & { isOwn: boolean; kept: string | null }): string {
  if (isNew) {
    const since = ask === null ? 'It is used at the next start.' : 'The platform uses it.';
    return `Written to ${root}. ${since} What stood there before is kept in ${kept}.\n`;
  }
  return isOwn ? `${root} is the configuration in use: the platform takes changes there by itself.\n` : '';
}

/**
 * Waits until the running platform has loaded what was written.
 * @throws YumOpsError `config_refused`, `not_taken`
 */
async function taken({ ask, root }: InUse, loadedAt: string | undefined): Promise<void> {
  if (ask === null) return;
  const start = performance.now();
  while (performance.now() < start + TAKEN_WITHIN_MS) {
    const report = await ask();
    if (report.refusal !== null && performance.now() >= start + REFUSED_AFTER_MS) {
      throw new YumOpsError('config_refused', report.refusal, {
        hint: 'Variables of the environment count as the platform has them: compare them with those of this command.',
      });
    }
    if (report.refusal === null && report.loadedAt !== loadedAt) return;
    await sleep(ASK_EVERY_MS);
  }
  throw new YumOpsError('not_taken', `The platform has not loaded what was written to ${root}.`, {
    hint: 'It may run on another machine: this command writes files on its own. See `yumops check`.',
  });
}
