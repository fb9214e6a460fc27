import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { VitalName } from '@yumops/protocol';
import { Choice } from '../../components/choice.tsx';
import { Empty } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { plural } from '../../format/number.ts';
import { causesQuery, type VitalFilter } from './users-queries.ts';
import { formatVital } from './vital.tsx';

const route = getRouteApi('/console/users');
const NAMES = (['LCP', 'INP', 'CLS'] as const).map((name) => ({ value: name, label: name }));

/** What the page views with a bad value had in common. */
export function Causes({ filter }: { filter: VitalFilter }) {
  const { vital } = route.useSearch();
  const navigate = route.useNavigate();
  const name: VitalName = NAMES.find(({ value }) => value === vital)?.value ?? 'LCP';
  const query = useQuery(causesQuery(filter, name));
  return (
    <Panel
      title="What makes them slow"
      actions={
        <Choice
          label="Vital"
          bare
          value={name as 'LCP'}
          options={NAMES}
          onChange={(value) => void navigate({ search: (old) => ({ ...old, vital: value }) })}
        />
      }
      flush
    >
      <QueryView query={query} what="the causes" rows={3}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={`No ${name} beyond good with a known cause`}>
              Set <code>attributionRate</code> of the browser SDK, so that a share of page views says which element it
              was.
            </Empty>
          ) : (
            <ul>
              {items.map(({ cause, p75, count }) => (
                <li key={cause} className="cause">
                  <code className="truncate">{cause}</code>
                  <span className="figures">{formatVital(name, p75)}</span>
                  <span className="quiet">{plural(count, 'page view')}</span>
                </li>
              ))}
            </ul>
          )
        }
      </QueryView>
    </Panel>
  );
}
