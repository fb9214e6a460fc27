import { useQuery } from '@tanstack/react-query';
import type { DatabaseChange } from '@yumops/protocol';
import { Empty } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { State } from '../../components/state.tsx';
import { Instant } from '../../components/when.tsx';
import { plural } from '../../format/number.ts';
import { useLiveInterval } from '../../time/page-time.tsx';
import { changesQuery } from './database-queries.ts';

const LOOKS = {
  created: { tone: 'ok', word: 'created' },
  changed: { tone: 'info', word: 'changed' },
  removed: { tone: 'warn', word: 'removed' },
} as const;

/** How schema, settings, extensions and rights changed, newest first. */
export function Changes({ database }: { database: string }) {
  const query = useQuery({ ...changesQuery(database), refetchInterval: useLiveInterval() && 60_000 });
  return (
    <QueryView query={query} what="the changes" rows={8}>
      {({ items }) =>
        items.length === 0 ? (
          <Empty title="Nothing changed in the last 30 days">
            Every 5 minutes tables, indexes, functions, rights, settings, roles and versions are compared with the look
            before. What differs will be here.
          </Empty>
        ) : (
          <Panel title="Changes" note={`${plural(items.length, 'change')} in the last 30 days`} flush>
            <ul>
              {items.map((change) => (
                <Row key={change.id} change={change} />
              ))}
            </ul>
          </Panel>
        )
      }
    </QueryView>
  );
}

function Row({ change: { action, kind, object, detail, since, seenAt } }: { change: DatabaseChange }) {
  return (
    <li className="change">
      <State {...LOOKS[action]} />
      <div className="change-text">
        <p>
          {kind} <strong className="mono">{object}</strong>
        </p>
        {detail.length > 0 && (
          <ul className="change-lines mono">
            {detail.map((line) => (
              <li key={line} data-sign={line[0]}>
                {line}
              </li>
            ))}
          </ul>
        )}
      </div>
      <p className="quiet">
        <Instant at={since} /> – <Instant at={seenAt} />
      </p>
    </li>
  );
}
