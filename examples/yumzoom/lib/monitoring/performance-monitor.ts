import { PerformanceMonitor } from '@yumops/browser';

/** Watches the page for this visitor. Beacons go to the site itself, which passes them on: no other host, no cookie. */
export function watchPage(route: () => string): PerformanceMonitor {
  const monitor = PerformanceMonitor.getInstance({
    url: '',
    path: '/api/analytics/performance',
    service: 'yumzoom-web',
    route,
  });
  monitor.collectErrors();
  monitor.collectWebVitals();
  monitor.collectCustomMetrics();
  return monitor;
}
