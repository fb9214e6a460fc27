import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { DatabaseFindingItem, DatabaseFindings, DatabaseItem } from '@yumops/protocol';
import { post } from '../../api/client.ts';
import { Button } from '../../components/button.tsx';
import { Command } from '../../components/command.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { useListKeys } from '../../components/list-keys.ts';
import { Failure } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { State } from '../../components/state.tsx';
import { When } from '../../components/when.tsx';
import { plural } from '../../format/number.ts';
import { useLiveInterval } from '../../time/page-time.tsx';
import { findingsQuery, pathOf } from './database-queries.ts';
import { FINDING_LOOK } from './severity-look.ts';

/** What is wrong, worst first, each with the statement that mends it. */
export function Findings({ database: { name } }: { database: DatabaseItem }) {
  const options = findingsQuery(name);
  const query = useQuery({ ...options, refetchInterval: useLiveInterval() });
  const queryClient = useQueryClient();
  const look = useMutation({
    mutationFn: () => post<DatabaseFindings>(pathOf(name, 'check'), {}),
    onSuccess: (found) => queryClient.setQueryData(options.queryKey, found),
  });
  const list = useListKeys<HTMLDivElement>();
  return (
    <div ref={list} className="database-view">
      <div className="database-actions" role="status">
        <Button icon="refresh" disabled={look.isPending} onClick={() => look.mutate()}>
          {look.isPending ? 'Looking …' : 'Look now'}
        </Button>
        {query.data && query.data.at !== null && (
          <span className="quiet">
            last looked <When at={query.data.at} />
          </span>
        )}
      </div>
      {look.error !== null && <Failure error={look.error} />}
      <QueryView query={query} what="the findings" rows={6}>
        {({ at, items }) => <List at={at} items={items} />}
      </QueryView>
    </div>
  );
}

function List({ at, items }: DatabaseFindings) {
  if (at === null) {
    return (
      <Panel title="Findings">
        <State tone="unknown" word="Not looked at yet. The first look takes some seconds." />
      </Panel>
    );
  }
  const wrong = items.filter(({ severity }) => severity !== 'info');
  const notes = items.filter(({ severity }) => severity === 'info');
  return (
    <>
      <Panel title="Findings" note={plural(wrong.length, 'finding')} flush={wrong.length > 0}>
        {wrong.length === 0 ? <State tone="ok" word="Nothing is wrong" /> : <Rows items={wrong} />}
      </Panel>
      {notes.length > 0 && (
        <Panel title="Notes" note={`${plural(notes.length, 'note')}, nothing that is wrong`} flush>
          <Rows items={notes} />
        </Panel>
      )}
    </>
  );
}

function Rows({ items }: { items: readonly DatabaseFindingItem[] }) {
  return (
    <ul>
      {items.map((finding) => (
        <li key={finding.key} className="finding">
          <State look="badge" {...FINDING_LOOK[finding.severity]} />
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: j and k walk the findings */}
          <div className="finding-text" data-row tabIndex={0}>
            <p>{finding.message}</p>
            {finding.fix !== null && <Command line={finding.fix} what="statement" />}
            <p className="finding-key quiet">
              <code>{finding.code}</code> <span className="truncate">{finding.key}</span>
              <CopyButton text={finding.key} label="Copy the key, which `exclude:` of the database takes" />
            </p>
          </div>
        </li>
      ))}
    </ul>
  );
}
