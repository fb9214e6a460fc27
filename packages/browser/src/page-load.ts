import type { Watch } from './options.ts';

/** Reports how the page loaded, once it has. */
export function watchPageLoad(watch: Watch): void {
  // loadEventEnd is 0 until the event's handlers have run.
  const report = () => setTimeout(() => addPageLoad(watch), 0);
  if (document.readyState === 'complete') report();
  else {
    addEventListener('load', report, { once: true });
    watch.onStop(() => removeEventListener('load', report));
  }
}

function addPageLoad(watch: Watch): void {
  const [entry] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[];
  if (!entry || entry.loadEventEnd === 0) return;
  watch.add({
    kind: 'page_load_timing',
    name: entry.type,
    dnsLookup: entry.domainLookupEnd - entry.domainLookupStart,
    tcpConnection: entry.connectEnd - entry.connectStart,
    serverResponse: entry.responseEnd - entry.requestStart,
    domProcessing: entry.domContentLoadedEventEnd - entry.responseEnd,
    resourceLoading: entry.loadEventEnd - entry.domContentLoadedEventEnd,
    totalLoadTime: entry.loadEventEnd - entry.startTime,
  });
}
