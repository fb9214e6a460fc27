import { init } from '@yumops/browser';

/** Watches the page for this visitor. Beacons go to the site itself, which passes them on: no other host, no cookie. */
export function watchPage(): void {
  init({ endpoint: '/api/analytics/performance', app: 'yumzoom-web', attributionRate: 0.1 });
}
