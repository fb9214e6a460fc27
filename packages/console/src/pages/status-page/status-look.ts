import type { ComponentStatus } from '@yumops/protocol';
import type { Look } from '../../components/state.tsx';

export const COMPONENTS: Record<ComponentStatus, Look> = {
  operational: { tone: 'ok', word: 'Operational' },
  degraded_performance: { tone: 'warn', word: 'Degraded' },
  partial_outage: { tone: 'bad', word: 'Partial outage' },
  major_outage: { tone: 'bad', word: 'Outage' },
  under_maintenance: { tone: 'info', word: 'Maintenance' },
  unknown: { tone: 'unknown', word: 'Not known' },
};
