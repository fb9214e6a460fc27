import type { ComponentStatus } from '@yumops/protocol';
import type { Tone } from '../../components/state.tsx';

export const COMPONENTS: Record<ComponentStatus, { tone: Tone; word: string }> = {
  operational: { tone: 'ok', word: 'Operational' },
  degraded_performance: { tone: 'warn', word: 'Degraded' },
  partial_outage: { tone: 'bad', word: 'Partial outage' },
  major_outage: { tone: 'bad', word: 'Outage' },
  under_maintenance: { tone: 'info', word: 'Maintenance' },
  unknown: { tone: 'unknown', word: 'Not known' },
};
