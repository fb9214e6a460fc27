import { type Metric, onCLS, onFCP, onINP, onLCP, onTTFB } from 'web-vitals';
import type { Watch } from './options.ts';

/** Collects the five vitals. With attribution, which is loaded for it, each says what caused it. */
export function watchVitals(watch: Watch): void {
  const report = (metric: Metric) => addVital(watch, metric, {});
  if (Math.random() < (watch.options.attributionRate ?? 0)) {
    import('./attribution.ts')
      .then(({ watchAttributed }) => watchAttributed((metric, facts) => addVital(watch, metric, facts)))
      .catch(() => watchPlain(report));
  } else watchPlain(report);
}

function watchPlain(report: (metric: Metric) => void): void {
  for (const on of [onCLS, onFCP, onINP, onLCP, onTTFB]) on(report);
}

/** Queues a vital. The same id comes again while the value grows. */
function addVital(watch: Watch, metric: Metric, attribution: Record<string, unknown>): void {
  const { id, name, value, rating, navigationType } = metric;
  watch.add({ kind: 'vital', id, name, value, rating, navigationType, attribution });
}
