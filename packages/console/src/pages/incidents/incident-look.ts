import type { IncidentEventKind, IncidentSeverity, IncidentStatus, PostStatus } from '@yumops/protocol';
import type { IconName } from '../../components/icon.tsx';
import type { Look } from '../../components/state.tsx';

export const SEVERITIES: Record<IncidentSeverity, Look> = {
  critical: { tone: 'bad', word: 'Critical' },
  major: { tone: 'warn', word: 'Major' },
  minor: { tone: 'info', word: 'Minor' },
};

export const SEVERITY_CHOICES = Object.entries(SEVERITIES).map(([value, { word }]) => ({ value, label: word }));

export const STATUSES: Record<IncidentStatus, Look> = {
  triage: { tone: 'bad', word: 'Triage', icon: 'pending' },
  investigating: { tone: 'warn', word: 'Investigating', icon: 'search' },
  identified: { tone: 'warn', word: 'Identified', icon: 'info' },
  monitoring: { tone: 'info', word: 'Monitoring', icon: 'uptime' },
  resolved: { tone: 'ok', word: 'Resolved' },
  closed: { tone: 'none', word: 'Closed', icon: 'ok' },
  cancelled: { tone: 'none', word: 'Cancelled', icon: 'close' },
};

export const ENDED: ReadonlySet<IncidentStatus> = new Set(['resolved', 'closed', 'cancelled']);

/** Where an incident may go from each status, the usual way first. */
export const NEXT: Record<IncidentStatus, readonly IncidentStatus[]> = {
  triage: ['investigating', 'identified', 'monitoring', 'resolved', 'cancelled'],
  investigating: ['identified', 'monitoring', 'resolved', 'cancelled'],
  identified: ['monitoring', 'resolved', 'investigating', 'cancelled'],
  monitoring: ['resolved', 'investigating', 'identified', 'cancelled'],
  resolved: ['closed', 'investigating'],
  closed: ['investigating'],
  cancelled: ['investigating'],
};

export const EVENT_ICONS: Record<IncidentEventKind, IconName> = {
  declared: 'alerts',
  status: 'swap',
  severity: 'warn',
  role: 'user',
  comment: 'info',
  task: 'jobs',
  runbook: 'logs',
  'status page': 'zone',
  alert: 'alerts',
  notification: 'email',
  acknowledgement: 'ok',
  check: 'uptime',
  deploy: 'expand',
  change: 'settings',
  finding: 'database',
  error: 'errors',
  evidence: 'backups',
};

export const POST_STATUSES: Record<PostStatus, Look> = {
  investigating: { tone: 'warn', word: 'Investigating' },
  identified: { tone: 'warn', word: 'Identified' },
  monitoring: { tone: 'info', word: 'Monitoring' },
  resolved: { tone: 'ok', word: 'Resolved' },
  scheduled: { tone: 'info', word: 'Scheduled', icon: 'calendar' },
  in_progress: { tone: 'info', word: 'In progress' },
  verifying: { tone: 'info', word: 'Verifying' },
  completed: { tone: 'ok', word: 'Completed' },
};
