import type { ErrorIssue } from '@yumops/protocol';
import type { StateProps } from '../../components/state.tsx';

/** What a person should know of an issue's state; nothing where it just goes on. */
export function stateOf({ status, substatus }: Pick<ErrorIssue, 'status' | 'substatus'>): StateProps | null {
  if (status === 'resolved') return { tone: 'ok', word: 'Resolved' };
  if (status === 'ignored') return { tone: 'none', word: 'Ignored', icon: 'muted' };
  switch (substatus) {
    case 'new':
      return { tone: 'info', word: 'New' };
    case 'regressed':
      return { tone: 'bad', word: 'Regressed' };
    case 'escalating':
      return { tone: 'warn', word: 'Escalating' };
    default:
      return null;
  }
}

export function titleOf({ type, message }: Pick<ErrorIssue, 'type' | 'message'>): string {
  return type ?? (message === '' ? 'Message without a text' : message);
}
