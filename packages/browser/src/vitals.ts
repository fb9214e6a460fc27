import { type Metric, onCLS, onFCP, onINP, onLCP, onTTFB } from 'web-vitals';
import { chance, cleanUrl } from './identity.ts';
import type { Watch } from './options.ts';

/**
 * Collects the five vitals, also of views that a page shows without being loaded anew where the browser knows them. With attribution, which is loaded for it, each says what caused it.
 */
export function watchVitals(watch: Watch): void {
  const report = (metric: Metric) => addVital(watch, metric, {});
  if (chance(watch.options.attributionRate ?? 0)) {
    import('./attribution.ts')
      .then(({ watchAttributed }) => watchAttributed((metric, facts) => addVital(watch, metric, facts), cleanUrl))
      .catch(() => watchPlain(report));
  } else watchPlain(report);
}

function watchPlain(report: (metric: Metric) => void): void {
  for (const on of [onCLS, onFCP, onINP, onLCP, onTTFB]) on(report, { reportSoftNavs: true });
}

/** Queues a vital of the page that it was measured on. The same id comes again while the value grows. */
function addVital(watch: Watch, metric: Metric, attribution: Record<string, unknown>): void {
  const { id, name, value, delta, rating, navigationType, navigationURL: url } = metric;
  // Nothing is asked of the server for such a view: its zero would make all others look better.
  if (name === 'TTFB' && navigationType === 'soft-navigation') return;
  watch.add({ kind: 'vital', id, name, value, delta, rating, navigationType, attribution, ...(url && { url }) });
}
