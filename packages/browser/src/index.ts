import type { Options } from './options.ts';
import { PerformanceMonitor } from './performance-monitor.ts';

export type { Options } from './options.ts';
export { PerformanceMonitor } from './performance-monitor.ts';

/** Watches the page in full: vitals, loads, API timings and errors. Does nothing where there is no page. */
export function init(options: Options): PerformanceMonitor | undefined {
  if (typeof window === 'undefined') return undefined;
  const monitor = PerformanceMonitor.getInstance(options);
  monitor.collectErrors();
  monitor.collectWebVitals();
  monitor.collectCustomMetrics();
  return monitor;
}
