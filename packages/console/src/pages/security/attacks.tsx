import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { SecurityDetection } from '@yumops/protocol';
import { useListKeys } from '../../components/list-keys.ts';
import { Empty } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { State } from '../../components/state.tsx';
import { When } from '../../components/when.tsx';
import { formatCount } from '../../format/number.ts';
import { useNow } from '../../time/now.ts';
import { useLiveInterval } from '../../time/page-time.tsx';
import { ATTACKS, aboutText, goesOn, severityLook } from './security-look.ts';
import { detectionsQuery, type SecurityFilter } from './security-queries.ts';

const route = getRouteApi('/console/security');

/** Attacks, the latest first; those that go on are marked. */
export function Attacks({ filter, open }: { filter: SecurityFilter; open: string | undefined }) {
  const query = useQuery({ ...detectionsQuery(filter), refetchInterval: useLiveInterval() });
  return (
    <QueryView query={query} what="the attacks" rows={6}>
      {({ items }) =>
        items.length === 0 ? (
          <Empty title="No attack was found">
            <p>
              Detectors look at every sign-in that applications tell of with <code>SecurityMonitor.trackLogin</code>,
              and at refused requests.
            </p>
          </Empty>
        ) : (
          <AttackList items={items} open={open} />
        )
      }
    </QueryView>
  );
}

const GRAVITY: Record<SecurityDetection['severity'], number> = { critical: 0, high: 1, medium: 2, low: 3 };

/** What goes on comes first, the gravest of it on top; then what was, the latest first. */
function ranked(items: readonly SecurityDetection[], now: number): SecurityDetection[] {
  const rank = (item: SecurityDetection) => (goesOn(item, now) ? GRAVITY[item.severity] : 4);
  return items.toSorted((a, b) => rank(a) - rank(b) || b.lastAt.localeCompare(a.lastAt));
}

function AttackList({ items, open }: { items: readonly SecurityDetection[]; open: string | undefined }) {
  const list = useListKeys<HTMLDivElement>();
  const now = useNow();
  return (
    <Panel title="Attacks" note={String(items.length)} flush>
      <div ref={list} className="attack-list">
        <ul>
          {ranked(items, now).map((item) => (
            <li key={item.id}>
              <route.Link
                data-row
                to="."
                search={(old) => ({ ...old, detection: item.id })}
                className="attack-row"
                data-current={item.id === open}
              >
                <State {...severityLook(item)} />
                <span className="attack-text">
                  <strong>
                    {ATTACKS[item.code]} <span className="mono attack-about">{aboutText(item.keys)}</span>
                  </strong>
                  <span className="quiet">{item.evidence.summary}</span>
                </span>
                <span className="figures">
                  {formatCount(item.count)} {item.count === 1 ? 'event' : 'events'}
                </span>
                <span className="attack-when">
                  {goesOn(item, now) && <State tone="bad" icon="pending" word="goes on" />}
                  <span className="quiet">
                    <When at={item.lastAt} />
                  </span>
                </span>
              </route.Link>
            </li>
          ))}
        </ul>
      </div>
    </Panel>
  );
}
