import 'server-only';
import { initSentry as init, trackPerformance as track } from '@yumops/node/sentry';

/** Begins to send errors to YumOps. The filters and the share of traces are the SDK's own. */
export function initSentry(): void {
  init({ initialScope: { tags: { component: 'server' } } });
}

/** Times work, and sends its error if it has one. */
export function trackPerformance<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  return track(name, work);
}
