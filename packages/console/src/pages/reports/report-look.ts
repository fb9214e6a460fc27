import type { ReportChange, ReportDelivery, ReportKind, ReportUnit } from '@yumops/protocol';
import type { StateProps } from '../../components/state.tsx';
import { formatQuantity, UNKNOWN } from '../../format/number.ts';

export const KINDS: Readonly<Record<ReportKind, { word: string; about: string }>> = {
  daily: { word: 'Daily', about: 'log analysis and health summary of the last 24 hours' },
  weekly: { word: 'Weekly', about: 'performance review of the last 7 days' },
  monthly: { word: 'Monthly', about: 'review of the last 28 days' },
  quarterly: { word: 'Quarterly', about: 'review of the last 91 days' },
};

export const DIRECTIONS: Readonly<Record<ReportChange['direction'], StateProps>> = {
  better: { tone: 'ok', word: 'Better' },
  worse: { tone: 'bad', word: 'Worse' },
  other: { tone: 'info', word: 'Different' },
};

export const DELIVERIES: Readonly<Record<ReportDelivery['state'], StateProps>> = {
  waiting: { tone: 'none', word: 'Waits' },
  sent: { tone: 'ok', word: 'Sent' },
  failed: { tone: 'bad', word: 'Not sent' },
};

/** A number of a report with its unit: counts whole, scores without one. */
export function told(value: number | null, unit: ReportUnit | null): string {
  if (value === null) return UNKNOWN;
  if (unit === 'count') return Math.round(value).toLocaleString('en');
  if (unit === 'score' || unit === null) return value.toLocaleString('en', { maximumFractionDigits: 3 });
  return formatQuantity(value, unit);
}
