import type { Event } from './options.ts';

interface Analytics {
  gtag?: (command: 'event', name: string, parameters: Record<string, unknown>) => void;
  mixpanel?: { track(name: string, properties: Record<string, unknown>): void };
}

/** What other analytics are told of; what a page tracks by itself it tells them itself. */
const TOLD: ReadonlySet<Event['kind']> = new Set(['vital', 'page_load_timing', 'api_response_time', 'custom']);

/** Passes a vital or a timing on to the analytics that the page has. */
export function forward(event: Event): void {
  if (!TOLD.has(event.kind)) return;
  const { gtag, mixpanel } = window as Window & Analytics;
  const { kind, at: _at, attribution: _attribution, userId: _userId, resources: _resources, ...facts } = event;
  const name = kind === 'vital' ? String(event['name']) : kind;
  try {
    gtag?.('event', name, kind === 'vital' ? vitalForAnalytics(event) : facts);
    mixpanel?.track(kind === 'vital' ? 'web_vital' : kind, facts);
  } catch {
    // the page's analytics are not ours to break
  }
}

/** GA4 wants whole numbers and adds them up: what the metric grew by, so that one that is told twice is not counted twice. */
function vitalForAnalytics({ name, id, delta, value, rating }: Event): Record<string, unknown> {
  const whole = (number: unknown) => Math.round(Number(number) * (name === 'CLS' ? 1_000 : 1));
  return {
    ...{ value: whole(delta), metric_id: id, metric_value: whole(value), metric_rating: rating },
    non_interaction: true,
  };
}
