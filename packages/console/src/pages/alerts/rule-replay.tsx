import { useQuery } from '@tanstack/react-query';
import type { RuleReplay } from '@yumops/protocol';
import { ruleReplayQuery } from '../../api/queries.ts';
import { Command } from '../../components/command.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { Instant } from '../../components/when.tsx';
import { formatCount, formatSpan, plural } from '../../format/number.ts';
import { Labels } from './labels.tsx';

/** What the rule, as it is now, would have done over the last day. */
export function RuleReplayPanel({ name }: { name: string }) {
  const query = useQuery(ruleReplayQuery(name));
  return (
    <Panel title="Replay of the last 24 hours">
      <QueryView query={query} what="the replay" rows={3}>
        {(replay) => <Episodes replay={replay} />}
      </QueryView>
      <p className="form-help">To compare a changed rule over up to seven days:</p>
      <Command line={`yumops replay --rule ${quoted(name)} --since 7d --against CHANGED_DIR`} />
    </Panel>
  );
}

function Episodes({ replay: { episodes, evaluations, to } }: { replay: RuleReplay }) {
  const flaps = episodes.reduce((sum, one) => sum + one.flaps, 0);
  return (
    <>
      <p className="alert-sentence">
        Would have fired {episodes.length === 1 ? 'once' : `${formatCount(episodes.length)} times`}
        {flaps > 0 && `, ${plural(flaps, 'flap')}`}{' '}
        <span className="quiet">in {formatCount(evaluations)} evaluations</span>
      </p>
      {episodes.length > 0 && (
        <ul className="replay">
          {episodes.slice(0, 20).map((one) => (
            <li key={`${one.start} ${JSON.stringify(one.labels)}`} className="timeline-entry">
              <span className="timeline-at">
                <Instant at={one.start} />
              </span>
              <span>{formatSpan(Date.parse(one.end ?? to) - Date.parse(one.start))}</span>
              <span>
                {one.reason} <Labels labels={one.labels} />
                {one.end === null && <span className="quiet"> and goes on</span>}
              </span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function quoted(name: string): string {
  return `'${name.replaceAll("'", String.raw`'\''`)}'`;
}
