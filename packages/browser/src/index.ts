import { refused } from './identity.ts';
import type { Options } from './options.ts';
import { PerformanceMonitor } from './performance-monitor.ts';

export type { Options } from './options.ts';
export { PerformanceMonitor } from './performance-monitor.ts';

/**
 * Watches the page in full: vitals, loads, API timings, long frames and errors. Does nothing where there is no page, no
 * endpoint, or where the browser says that the person does not want it; a second call changes nothing.
 */
export function init(options: Options): PerformanceMonitor | undefined {
  if (typeof window === 'undefined' || refused(options)) return undefined;
  if (!options.endpoint) {
    console.warn('@yumops/browser has no endpoint: nothing is watched.');
    return undefined;
  }
  const running = PerformanceMonitor.current;
  if (running) return running;
  const monitor = PerformanceMonitor.getInstance(options);
  monitor.collectErrors();
  monitor.collectWebVitals();
  monitor.collectCustomMetrics();
  return monitor;
}

// The calls below do nothing where nothing is watched, so that an application need not ask.

/** {@link PerformanceMonitor.setUser} */
export const setUser: PerformanceMonitor['setUser'] = (idHash) => PerformanceMonitor.current?.setUser(idHash);

/** {@link PerformanceMonitor.setView} */
export const setView: PerformanceMonitor['setView'] = (route) => PerformanceMonitor.current?.setView(route);

/** {@link PerformanceMonitor.track} */
export const track: PerformanceMonitor['track'] = (name, data) => PerformanceMonitor.current?.track(name, data);

/** {@link PerformanceMonitor.captureException} */
export const captureException: PerformanceMonitor['captureException'] = (error, context) =>
  PerformanceMonitor.current?.captureException(error, context);

/** {@link PerformanceMonitor.time} */
export const time: PerformanceMonitor['time'] = (name) => PerformanceMonitor.current?.time(name) ?? (() => undefined);

/** {@link PerformanceMonitor.consent} */
export const consent: PerformanceMonitor['consent'] = (given) => PerformanceMonitor.current?.consent(given);

/** {@link PerformanceMonitor.flush} */
export const flush: PerformanceMonitor['flush'] = () => PerformanceMonitor.current?.flush();

/** {@link PerformanceMonitor.stop} */
export const stop: PerformanceMonitor['stop'] = () => PerformanceMonitor.current?.stop();
