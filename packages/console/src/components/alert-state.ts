import type { AlertState, NotificationItem } from '@yumops/protocol';
import type { Look } from './state.tsx';

/** How each state of a rule or alert looks. */
export const ALERT_STATE: Record<AlertState, Look> = {
  firing: { tone: 'bad', word: 'Firing', icon: 'alerts' },
  pending: { tone: 'warn', word: 'Pending', icon: 'pending' },
  error: { tone: 'warn', word: 'Error' },
  nodata: { tone: 'unknown', word: 'No data' },
  insufficient: { tone: 'unknown', word: 'Too few' },
  resolved: { tone: 'ok', word: 'Resolved' },
  inactive: { tone: 'ok', word: 'Quiet' },
};

/** How each state of a message looks. */
export const NOTIFICATION_STATE: Record<NotificationItem['status'], Look> = {
  queued: { tone: 'none', word: 'Queued' },
  sending: { tone: 'none', word: 'Sending' },
  sent: { tone: 'ok', word: 'Sent' },
  retrying: { tone: 'warn', word: 'Retrying', icon: 'refresh' },
  failed: { tone: 'bad', word: 'Failed' },
  uncertain: { tone: 'unknown', word: 'Uncertain' },
  cancelled: { tone: 'none', word: 'Cancelled', icon: 'close' },
};
