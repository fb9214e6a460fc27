import type { SloPreview } from '@yumops/protocol';
import { YumOpsError } from '../../lib/errors.ts';
import { attained, budgetFor } from './budget.ts';
import { countIn } from './counts.ts';
import { percent, type SloDeps } from './list-slos.ts';
import { budgetOf, DEFAULT_PAIRS, type Slo } from './slo.ts';
import { timesToPage } from './time-to-page.ts';

const DAY_MS = 86_400_000;

/**
 * What another target and window would mean: how long an outage lasts before it pages, and what would be left of the
 * budget of an objective whose events are counted already.
 * @param asked `slo`: id of an objective, whose alerts are taken; left out = the usual alerts and nothing counted
 * @throws YumOpsError `slo_not_found` (404)
 */
export async function previewSlo(
  deps: Pick<SloDeps, 'telemetry' | 'plannedWork'>,
  slos: readonly Slo[],
  asked: { slo?: string | undefined; target: number; days: 7 | 28 | 30 },
  now: number,
): Promise<SloPreview> {
  const { target, days } = asked;
  const slo = asked.slo === undefined ? undefined : slos.find(({ id }) => id === asked.slo);
  if (asked.slo !== undefined && !slo) {
    throw new YumOpsError('slo_not_found', `There is no objective ${asked.slo}.`, { status: 404 });
  }
  const windowMs = days * DAY_MS;
  const other = { name: slo?.name ?? 'objective', target, burnAlerts: slo?.burnAlerts ?? DEFAULT_PAIRS };
  return {
    ...{ target, window: `${days}d` },
    outageSeconds: Math.floor((budgetOf({ target }) * windowMs) / 1_000),
    timeToPage: timesToPage(other),
    measured: slo ? await measure(deps, { ...slo, target, windowMs }, now) : null,
  };
}

async function measure(
  { telemetry, plannedWork }: Pick<SloDeps, 'telemetry' | 'plannedWork'>,
  slo: Slo,
  now: number,
): Promise<SloPreview['measured']> {
  const start = now - slo.windowMs;
  const planned = await plannedWork(now);
  const excluded = planned.excludedOf(slo.name, start, now);
  const counts = await countIn(telemetry, slo.indicator, { start, end: now }, excluded);
  const good = attained(counts);
  if (good === null) return null;
  const { allowed, remaining } = budgetFor(slo, counts);
  return { attained: good, ...counts, allowed, remaining: percent(remaining) };
}
