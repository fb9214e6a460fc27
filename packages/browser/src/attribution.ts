import { type Metric, type MetricWithAttribution, onCLS, onFCP, onINP, onLCP, onTTFB } from 'web-vitals/attribution';

/** Facts that say where to look, without any text of the page. */
const FACTS = [
  'target',
  'largestShiftTarget',
  'interactionTarget',
  'interactionType',
  'loadState',
  'timeToFirstByte',
  'resourceLoadDelay',
  'resourceLoadDuration',
  'elementRenderDelay',
  'inputDelay',
  'processingDuration',
  'presentationDelay',
  'waitingDuration',
  'dnsDuration',
  'connectionDuration',
  'requestDuration',
];

/**
 * Collects the five vitals with what caused each value.
 * @param shared given, so that this stays a chunk of its own without a third that both share
 */
export function watchAttributed(
  add: (metric: Metric, facts: Record<string, unknown>) => void,
  { cleanUrl, later }: { cleanUrl: (url: string) => string; later: (part: () => void) => void },
): void {
  const report = (metric: MetricWithAttribution) => {
    const given = metric.attribution as unknown as Record<string, unknown>;
    const facts = Object.fromEntries(
      FACTS.filter((name) => given[name] !== undefined).map((name) => [name, given[name]]),
    );
    const url = given['url'];
    add(metric, { ...facts, ...(typeof url === 'string' && { url: cleanUrl(url) }) });
  };
  for (const on of [onCLS, onFCP, onINP, onLCP, onTTFB]) {
    later(() => on(report, { reportSoftNavs: true }));
  }
}
