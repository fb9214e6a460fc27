import type { ActionStatus, MaintenanceRunStatus } from '@yumops/protocol';
import type { StateProps } from '../../components/state.tsx';

type Look = Pick<StateProps, 'tone' | 'word' | 'icon'>;

const RUNS: Record<MaintenanceRunStatus, Look> = {
  running: { tone: 'info', word: 'running', icon: 'play' },
  done: { tone: 'ok', word: 'done' },
  failed: { tone: 'bad', word: 'failed in part' },
  cancelled: { tone: 'warn', word: 'stopped' },
  interrupted: { tone: 'unknown', word: 'interrupted' },
};

/** How the state of a run looks. */
export const runLook = (status: MaintenanceRunStatus): Look => RUNS[status];

const ACTIONS: Record<ActionStatus, Look> = {
  done: { tone: 'ok', word: 'done' },
  skipped: { tone: 'none', word: 'skipped' },
  failed: { tone: 'bad', word: 'failed' },
};

/** How the end of an action looks; one that was left out although it was due is a warning. */
export function actionLook({ status, error }: { status: ActionStatus; error: string | null }): Look {
  return status === 'skipped' && error !== null ? { tone: 'warn', word: 'left out' } : ACTIONS[status];
}
