import type { DatabaseSeverity } from '@yumops/protocol';
import type { Look } from '../../components/state.tsx';

/** How the severity of a finding looks; unknown is not healthy. */
export const FINDING_LOOK: Record<DatabaseSeverity, Look> = {
  critical: { tone: 'bad', word: 'Critical' },
  warning: { tone: 'warn', word: 'Warning' },
  unknown: { tone: 'unknown', word: 'Unknown' },
  info: { tone: 'info', word: 'Note' },
};
