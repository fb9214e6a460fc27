import type { Severity } from '@yumops/protocol';
import type { Look } from './state.tsx';

/** How each severity looks. */
export const SEVERITY: Record<Severity, Look> = {
  critical: { tone: 'bad', word: 'Critical' },
  warning: { tone: 'warn', word: 'Warning' },
  info: { tone: 'info', word: 'Info' },
};
