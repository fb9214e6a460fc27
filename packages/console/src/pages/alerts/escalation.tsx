import type { EscalationItem } from '@yumops/protocol';
import { Panel } from '../../components/panel.tsx';
import { type Look, State } from '../../components/state.tsx';
import { Instant } from '../../components/when.tsx';
import { formatSpan } from '../../format/number.ts';
import { spoken } from './next-step.tsx';

const STATE: Record<EscalationItem['state'], Look> = {
  told: { tone: 'ok', word: 'Told' },
  due: { tone: 'info', word: 'Due' },
  off: { tone: 'none', word: 'Not needed' },
};

/** The steps of an alert's plan: whom each tells, when it was sent, or when it will be. */
export function Escalation({ steps }: { steps: readonly EscalationItem[] }) {
  if (steps.length < 2) return null;
  return (
    <Panel title="Escalation" note={`${steps.length} steps`} flush>
      <ol className="timeline">
        {steps.map(({ step, delay, notify, state, at }) => (
          <li key={step} className="timeline-entry">
            <span className="timeline-at">{at === null ? after(delay) : <Instant at={at} />}</span>
            <span className="timeline-kind">
              <State {...STATE[state]} />
            </span>
            <span>
              Step {step + 1}, {after(delay)}: {notify.length === 0 ? 'nobody' : notify.map(spoken).join(', ')}
            </span>
          </li>
        ))}
      </ol>
    </Panel>
  );
}

function after(seconds: number): string {
  return seconds === 0 ? 'at once' : `after ${formatSpan(seconds * 1_000)}`;
}
