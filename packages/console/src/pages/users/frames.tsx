import { useQuery } from '@tanstack/react-query';
import { Empty } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { formatMilliseconds, plural } from '../../format/number.ts';
import { framesQuery, type VitalFilter } from './users-queries.ts';

/** Frames that kept people waiting, by the script that took longest in them. */
export function Frames({ filter }: { filter: VitalFilter }) {
  const query = useQuery(framesQuery(filter));
  return (
    <Panel title="Long frames" note="200 ms or longer, p75" flush>
      <QueryView query={query} what="the long frames" rows={3}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No long frame in this time">
              Chromium tells which script kept a page from answering for 200 ms or longer.
            </Empty>
          ) : (
            <ul>
              {items.map(({ script, function: name, count, p75, sessions }) => (
                <li key={`${script} ${name}`} className="cause">
                  <span className="truncate">
                    {name !== '' && <strong>{name} </strong>}
                    <code>{script || 'no script: layout and paint'}</code>
                  </span>
                  <span className="figures">{formatMilliseconds(p75)}</span>
                  <span className="quiet">
                    {plural(count, 'frame')}, {plural(sessions, 'session')}
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </QueryView>
    </Panel>
  );
}
