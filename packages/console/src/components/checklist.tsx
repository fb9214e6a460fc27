import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { ChecklistDeed, ChecklistDetail, ChecklistMark, RunbookPart } from '@yumops/protocol';
import { post } from '../api/client.ts';
import { meQuery } from '../api/queries.ts';
import { Button } from './button.tsx';
import './checklist.css';
import { Markdown } from './markdown.tsx';
import { type Look, State } from './state.tsx';
import { Instant } from './when.tsx';

const MARKS: Record<ChecklistMark['state'], Look> = {
  done: { tone: 'ok', word: 'Done' },
  skipped: { tone: 'none', word: 'Skipped' },
  failed: { tone: 'bad', word: 'Failed' },
};

export interface ChecklistViewProps {
  checklist: ChecklistDetail;
  /** Called after every change. */
  changed(): void;
}

/** A runbook that somebody follows: steps to check, actions to do, and who did what. */
export function ChecklistView({ checklist, changed }: ChecklistViewProps) {
  return (
    <div className="checklist">
      {checklist.parts.map((part) =>
        part.type === 'text' ? (
          <Markdown key={part.markdown} text={part.markdown} />
        ) : (
          <Step key={part.step} part={part} checklist={checklist} changed={changed} />
        ),
      )}
    </div>
  );
}

interface StepProps extends ChecklistViewProps {
  part: Extract<RunbookPart, { type: 'step' }>;
}

function Step({ part, checklist, changed }: StepProps) {
  const me = useQuery(meQuery).data;
  const queryClient = useQueryClient();
  const path = `/api/v1/checklists/${encodeURIComponent(checklist.id)}`;
  const take = (detail: ChecklistDetail) => {
    queryClient.setQueryData(['checklists', checklist.id], detail);
    changed();
  };
  const mark = useMutation({
    mutationFn: (state: ChecklistMark['state'] | null) =>
      post<ChecklistDetail>(`${path}/steps/${part.step}`, { state, note: '' }),
    onSuccess: take,
  });
  const act = useMutation({
    mutationFn: (action: number) => post<ChecklistDetail>(`${path}/actions/${action}`, {}),
    onSuccess: take,
  });
  const known = checklist.marks.find(({ step }) => step === part.step);
  const open = checklist.state === 'open' && me !== undefined && me.role !== 'viewer';
  const error = mark.error ?? act.error;
  const deeds = checklist.deeds.filter(({ action }) => part.actions.some(({ index }) => index === action));
  return (
    <section className="step" data-marked={known !== undefined} aria-label={`Step ${part.step + 1}`}>
      <span className="step-number">{part.step + 1}</span>
      <div className="step-body">
        <Markdown text={part.markdown} />
        <div className="step-actions">
          {part.actions.map(({ index, label, about }) => (
            <Button
              key={index}
              disabled={!open || about === null || act.isPending}
              title={about ?? 'Not known'}
              onClick={() => act.mutate(index)}
            >
              {label}
            </Button>
          ))}
        </div>
        {deeds.map((deed) => (
          <Deed key={`${deed.at} ${deed.action}`} deed={deed} />
        ))}
        <div className="step-marks">
          {known === undefined ? (
            open && <Marks mark={(state) => mark.mutate(state)} busy={mark.isPending} />
          ) : (
            <>
              <State {...MARKS[known.state]} />
              <span className="quiet">
                {known.by} · <Instant at={known.at} />
                {known.note !== '' && ` · ${known.note}`}
              </span>
              {open && (
                <Button look="quiet" disabled={mark.isPending} onClick={() => mark.mutate(null)}>
                  Take back
                </Button>
              )}
            </>
          )}
          {error !== null && <State tone="bad" word={error.message} />}
        </div>
      </div>
    </section>
  );
}

function Marks({ mark, busy }: { mark(state: ChecklistMark['state']): void; busy: boolean }) {
  return (
    <>
      <Button icon="ok" disabled={busy} onClick={() => mark('done')}>
        Done
      </Button>
      <Button look="quiet" disabled={busy} onClick={() => mark('skipped')}>
        Skip
      </Button>
      <Button look="quiet" disabled={busy} onClick={() => mark('failed')}>
        Failed
      </Button>
    </>
  );
}

function Deed({ deed }: { deed: ChecklistDeed }) {
  return (
    <div className="step-deed">
      <State tone={deed.ok ? 'info' : 'bad'} word={`${deed.by} · ${deed.name}`} /> <Instant at={deed.at} />
      <pre>{deed.result}</pre>
    </div>
  );
}
