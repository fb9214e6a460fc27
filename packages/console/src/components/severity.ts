import type { Severity } from '@yumops/protocol';
import type { Tone } from './state.tsx';

/** How each severity looks. */
export const SEVERITY: Record<Severity, { tone: Tone; word: string }> = {
  critical: { tone: 'bad', word: 'Critical' },
  warning: { tone: 'warn', word: 'Warning' },
  info: { tone: 'info', word: 'Info' },
};
