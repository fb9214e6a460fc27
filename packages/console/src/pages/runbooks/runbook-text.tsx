import { useQuery } from '@tanstack/react-query';
import { Markdown } from '../../components/markdown.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { runbookQuery } from '../incidents/incident-queries.ts';

/** A runbook to read: its actions are named, and done where it is followed. */
export function RunbookText({ id }: { id: string }) {
  return (
    <QueryView query={useQuery(runbookQuery(id))} what="the runbook" rows={8}>
      {({ parts, alerts, shipped }) => (
        <div className="runbook-text">
          <p className="quiet">
            {alerts.length > 0 && `For ${alerts.join(', ')}. `}
            {shipped
              ? `It came with YumOps; your own runbooks/${id}.md takes its place.`
              : `From runbooks/${id}.md beside the configuration.`}
          </p>
          {parts.map((part) =>
            part.type === 'text' ? (
              <Markdown key={part.markdown} text={part.markdown} />
            ) : (
              <div key={part.step} className="runbook-step">
                <span className="step-number">{part.step + 1}</span>
                <Markdown text={part.markdown} action={(label) => <span className="runbook-action">{label}</span>} />
              </div>
            ),
          )}
        </div>
      )}
    </QueryView>
  );
}
