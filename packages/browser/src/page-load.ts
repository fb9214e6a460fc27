import { cleanUrl } from './identity.ts';
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

/** A phase that has an end and a beginning and lasted; browsers give 0 for those of other origins and those that did not happen. */
const lasted = (from: number, to: number) => (to > from && from >= 0 ? to - from : undefined);
/** The same from a moment that is none where it is 0. */
const between = (from: number, to: number) => (from > 0 ? lasted(from, to) : undefined);

function addPageLoad(watch: Watch): void {
  const [entry] = performance.getEntriesByType('navigation') as (PerformanceNavigationTiming & {
    activationStart?: number;
  })[];
  if (!entry || entry.loadEventEnd === 0) return;
  const { responseEnd, domContentLoadedEventEnd, loadEventEnd } = entry;
  watch.add({
    kind: 'page_load_timing',
    name: entry.type,
    url: entry.name,
    dnsLookup: between(entry.domainLookupStart, entry.domainLookupEnd),
    tcpConnection: between(entry.connectStart, entry.connectEnd),
    serverResponse: between(entry.requestStart, responseEnd),
    domProcessing: between(responseEnd, domContentLoadedEventEnd),
    resourceLoading: between(domContentLoadedEventEnd, loadEventEnd),
    // Nobody waited for what was loaded ahead.
    totalLoadTime: lasted(Math.max(entry.startTime, entry.activationStart ?? 0), loadEventEnd) ?? 1,
    resources: resources(),
  });
}

/** What the page loaded: how many files and bytes, how many of them from the cache, and the slowest. */
function resources() {
  const entries = performance.getEntriesByType('resource') as PerformanceResourceTiming[];
  let [bytes, cached] = [0, 0];
  let slowest: PerformanceResourceTiming | undefined;
  for (const entry of entries) {
    bytes += entry.transferSize;
    if (entry.transferSize === 0 && entry.decodedBodySize > 0) cached += 1;
    if (entry.duration > (slowest?.duration ?? 0)) slowest = entry;
  }
  return {
    ...{ count: entries.length, bytes, cached },
    ...(slowest && {
      slowest: cleanUrl(slowest.name),
      slowestType: slowest.initiatorType,
      slowestMs: slowest.duration,
    }),
  };
}
