import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { SecurityFinding } from '@yumops/protocol';
import { Choice } from '../../components/choice.tsx';
import { useListKeys } from '../../components/list-keys.ts';
import { Empty } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { State } from '../../components/state.tsx';
import { When } from '../../components/when.tsx';
import { plural } from '../../format/number.ts';
import { useLiveInterval } from '../../time/page-time.tsx';
import { countOpen, KINDS, openLook } from './finding-look.ts';
import { findingsQuery, scansQuery } from './finding-queries.ts';
import { FindingRow } from './finding-row.tsx';
import { ScanNow } from './scan-now.tsx';

const route = getRouteApi('/console/security');

const STATES = [
  { value: 'open', label: 'Open' },
  { value: 'accepted', label: 'Accepted' },
  { value: 'resolved', label: 'Gone' },
] as const;

const TITLES: Record<SecurityFinding['state'], string> = { open: 'Open', accepted: 'Accepted', resolved: 'Gone' };

/** What scans say is wrong, the gravest first, with the last look and a way to look now. */
export function Findings({ state, open }: { state: SecurityFinding['state']; open: string | undefined }) {
  const navigate = route.useNavigate();
  const query = useQuery({ ...findingsQuery(state), refetchInterval: useLiveInterval() });
  const list = useListKeys<HTMLDivElement>();
  return (
    <div className="security-lists">
      <LastScan />
      <Choice
        label="Findings that are"
        value={state}
        options={STATES}
        onChange={(value) =>
          void navigate({
            search: (old) => ({ ...old, state: value === 'open' ? undefined : value, finding: undefined }),
          })
        }
      />
      <QueryView query={query} what="the findings" rows={6}>
        {({ items }) => (
          <Panel title={TITLES[state]} note={plural(items.length, 'finding')} flush>
            {items.length === 0 ? (
              <NoFinding state={state} />
            ) : (
              <div ref={list} className="attack-list">
                <ul>
                  {items.map((item) => (
                    <FindingRow key={item.id} item={item} current={item.id === open}>
                      <span className="quiet">
                        <Since item={item} />
                      </span>
                    </FindingRow>
                  ))}
                </ul>
              </div>
            )}
          </Panel>
        )}
      </QueryView>
    </div>
  );
}

/** When somebody looked last, what is open, and the way to look again. */
function LastScan() {
  const scans = useQuery(scansQuery);
  const open = useQuery(findingsQuery('open'));
  const last = scans.data?.items[0];
  return (
    <section className="panel scan-head" aria-label="The last scan">
      <div className="scan-head-text">
        <p className="security-verdict">
          {last === undefined || open.data === undefined ? (
            <State tone="unknown" word={scans.data === undefined ? 'Reading …' : 'Nobody has looked yet'} />
          ) : (
            <State {...openLook(countOpen(open.data.items))} />
          )}
        </p>
        <p className="quiet">
          {last === undefined ? (
            'The scan runs every Monday, the audit on the first of each month.'
          ) : (
            <>
              {KINDS[last.kind]} <When at={last.endedAt} />:{' '}
              <route.Link to="." search={(old) => ({ ...old, view: 'scans', scan: last.id, finding: undefined })}>
                its report
              </route.Link>
            </>
          )}
        </p>
      </div>
      <ScanNow />
    </section>
  );
}

function NoFinding({ state }: { state: SecurityFinding['state'] }) {
  const titles = {
    open: 'Nothing is open',
    accepted: 'Nobody lives with anything',
    resolved: 'Nothing has gone yet',
  } as const;
  return (
    <Empty title={titles[state]}>
      {state === 'open' && (
        <p>
          Scans look at packages, sites, databases, secrets, accounts and this platform;{' '}
          <code>yumops security scan</code> runs one.
        </p>
      )}
    </Empty>
  );
}

function Since({ item: { state, accepted, resolvedAt, firstSeen } }: { item: SecurityFinding }) {
  if (accepted !== null) return `until ${accepted.until.slice(0, 10)}`;
  if (state === 'resolved' && resolvedAt !== null) {
    return (
      <>
        gone <When at={resolvedAt} />
      </>
    );
  }
  return (
    <>
      first seen <When at={firstSeen} />
    </>
  );
}
