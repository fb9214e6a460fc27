import { formatDuration } from '../../lib/duration.ts';
import type { MessageAlert, MessageBody } from './body.ts';

/** Alerts that a message spells out; the others are counted. */
export const ALERTS_SHOWN = 10;

/** What people want to know of an alert, as pairs of name and value. */
export function factsOf(alert: MessageAlert): [name: string, value: string][] {
  const facts: [string, string][] = [
    ['Severity', alert.severity],
    ['Since', timeText(alert.startedAt)],
  ];
  if (alert.endedAt !== null) {
    facts.push(['Ended', `${timeText(alert.endedAt)}, after ${formatDuration(alert.endedAt - alert.startedAt)}`]);
  }
  if (alert.value !== null && alert.threshold !== null) {
    const unit = alert.unit ? ` ${alert.unit}` : '';
    facts.push(['Value', `${shortNumber(alert.value)}${unit}, limit ${shortNumber(alert.threshold)}${unit}`]);
  }
  if (alert.sample !== null && alert.windowMs !== null) {
    facts.push(['Sample', `${alert.sample.toLocaleString('en-US')} in ${formatDuration(alert.windowMs)}`]);
  }
  const labels = Object.entries(alert.labels).filter(([name]) => name !== 'alertname');
  if (labels.length > 0) facts.push(['Labels', labels.map(([name, value]) => `${name}=${value}`).join(', ')]);
  for (const [name, value] of Object.entries(alert.annotations)) facts.push([name, value]);
  if (alert.runbook !== null) facts.push(['Runbook', alert.runbook]);
  return facts;
}

/** "and 3 more", or nothing. */
export function remainder(body: MessageBody, shown = ALERTS_SHOWN): string | undefined {
  const more = body.alerts.length - shown;
  return more > 0 ? `and ${more} more` : undefined;
}

/** Where the console shows the alert. */
export function alertUrl(publicUrl: string, alert: Pick<MessageAlert, 'id'>): string {
  return `${publicUrl}/alerts/${encodeURIComponent(alert.id)}`;
}

/** `2026-01-05 10:01:30 UTC`. */
export function timeText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

function shortNumber(value: number): string {
  return Number(value.toPrecision(4)).toLocaleString('en-US', { maximumFractionDigits: 6 });
}
