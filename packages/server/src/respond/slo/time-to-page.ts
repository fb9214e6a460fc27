import { timeToPage } from './budget.ts';
import { burnAlertName, type Slo } from './slo.ts';

/** For which shares of failures the time to the first page is told. */
const SHARES = [1, 0.1, 0.01];

/** How long a failure lasts until the first of the alerts pages, by the share of events that fail. */
export function timesToPage(slo: Pick<Slo, 'name' | 'target' | 'burnAlerts'>) {
  return SHARES.map((share) => ({ failingPercent: share * 100, ...firstPage(slo, share) }));
}

/** The pair that pages first for a share of failures. */
function firstPage(
  slo: Pick<Slo, 'name' | 'target' | 'burnAlerts'>,
  share: number,
): { seconds: number | null; alert: string | null } {
  const first = slo.burnAlerts
    .flatMap((pair) => {
      const ms = timeToPage(slo, pair, share);
      return ms === null ? [] : [{ pair, ms }];
    })
    .sort((a, b) => a.ms - b.ms)[0];
  if (!first) return { seconds: null, alert: null };
  return { seconds: Math.floor(first.ms / 1_000) + 1, alert: burnAlertName(slo, first.pair) };
}
