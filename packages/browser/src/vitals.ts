import { type Metric, onCLS, onFCP, onINP, onLCP, onTTFB } from 'web-vitals';
import { chance, cleanUrl } from './identity.ts';
import type { Watch } from './options.ts';

/**
 * Collects the five vitals, also of views that a page shows without being loaded anew where the browser knows them. With
 * attribution, which is loaded for it, each says what caused it.
 * @param later runs parts one by one: all five together are a long task of a slow phone
 */
export function watchVitals(watch: Watch, later: (part: () => void) => void): void {
  let isBegun = false;
  const begin = (how: () => void) => {
    if (!isBegun) how();
    isBegun = true;
  };
  const plain = () =>
    begin(() => {
      for (const on of [onCLS, onFCP, onINP, onLCP, onTTFB]) {
        later(() => on((metric) => addVital(watch, metric, {}), { reportSoftNavs: true }));
      }
    });
  if (!chance(watch.options.attributionRate ?? 0)) plain();
  else {
    import('./attribution.ts')
      .then(({ watchAttributed }) =>
        begin(() => watchAttributed((metric, facts) => addVital(watch, metric, facts), { cleanUrl, later })),
      )
      .catch(plain);
    // The page may be left before the chunk is there.
    addEventListener('visibilitychange', plain, { once: true, capture: true });
  }
}

/** Queues a vital of the page that it was measured on. The same id comes again while the value grows. */
function addVital(watch: Watch, metric: Metric, attribution: Record<string, unknown>): void {
  const { id, name, value, delta, rating, navigationType, navigationURL: url } = metric;
  // Nothing is asked of the server for such a view: its zero would make all others look better.
  if (name === 'TTFB' && navigationType === 'soft-navigation') return;
  watch.add({ kind: 'vital', id, name, value, delta, rating, navigationType, attribution, ...(url && { url }) });
}
