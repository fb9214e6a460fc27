import type { Event } from './options.ts';

interface Analytics {
  gtag?: (command: 'event', name: string, parameters: Record<string, unknown>) => void;
  mixpanel?: { track(name: string, properties: Record<string, unknown>): void };
}

/** Passes a vital or a timing on to the analytics that the page has. */
export function forward(event: Event): void {
  if (event.kind === 'error') return;
  const { gtag, mixpanel } = window as Window & Analytics;
  const { kind, at: _at, attribution: _attribution, ...facts } = event;
  const name = kind === 'vital' ? String(event['name']) : kind;
  try {
    gtag?.('event', name, kind === 'vital' ? vitalForAnalytics(event) : facts);
    mixpanel?.track(kind === 'vital' ? 'web_vital' : kind, facts);
  } catch {
    // the page's analytics are not ours to break
  }
}

/** GA4 wants whole numbers; `metric_id` lets it add up the deltas of one metric. */
function vitalForAnalytics(event: Event): Record<string, unknown> {
  const value = Number(event['value']);
  return {
    value: Math.round(event['name'] === 'CLS' ? value * 1_000 : value),
    metric_id: event['id'],
    metric_rating: event['rating'],
    non_interaction: true,
  };
}
