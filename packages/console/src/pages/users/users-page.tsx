import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import type { VitalGroup, VitalName, VitalsAnswer } from '@yumops/protocol';
import { Button } from '../../components/button.tsx';
import { Choice } from '../../components/choice.tsx';
import { Command } from '../../components/command.tsx';
import { Freshness } from '../../components/freshness.tsx';
import { Empty } from '../../components/notice.tsx';
import { Page } from '../../components/page.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { ScrollRegion } from '../../components/scroll-region.tsx';
import { plural } from '../../format/number.ts';
import { usePageTime } from '../../time/page-time.tsx';
import { Budgets } from './budgets.tsx';
import { Calls } from './calls.tsx';
import { Causes } from './causes.tsx';
import { Compare } from './compare.tsx';
import { Frames } from './frames.tsx';
import { Loads } from './loads.tsx';
import { type VitalFilter, vitalsQuery } from './users-queries.ts';
import { formatVital, RATINGS, Shares, VitalCard } from './vital.tsx';
import './users.css';

const route = getRouteApi('/console/users');
const NAMES: readonly VitalName[] = ['LCP', 'INP', 'CLS', 'FCP', 'TTFB'];
const DIMENSIONS = [
  { value: 'route', label: 'Route' },
  { value: 'device', label: 'Device' },
  { value: 'country', label: 'Country' },
  { value: 'release', label: 'Release' },
] as const;

/** What visitors' browsers saw. */
export function UsersPage() {
  const { by = 'route', route: path, device, country, release } = route.useSearch();
  const { span } = usePageTime();
  const filter: VitalFilter = { ...span, route: path, device, country, release };
  const query = useQuery(vitalsQuery(filter, by));
  return (
    <Page title="Users" note={<Freshness updatedAt={query.dataUpdatedAt} failed={query.isError} />}>
      <Chosen filter={filter} />
      <QueryView query={query} what="the web vitals" rows={8}>
        {(answer) => (answer.total.views === 0 ? <NoViews /> : <Vitals answer={answer} filter={filter} by={by} />)}
      </QueryView>
    </Page>
  );
}

/** The filters that are set, each of which can be taken away. */
function Chosen({ filter }: { filter: VitalFilter }) {
  const navigate = route.useNavigate();
  const names = (['route', 'device', 'country', 'release'] as const).filter((name) => filter[name] !== undefined);
  if (names.length === 0) return null;
  return (
    <p className="vital-filters">
      {names.map((name) => (
        <Button
          key={name}
          icon="close"
          onClick={() => void navigate({ search: (old) => ({ ...old, [name]: undefined }) })}
        >
          {name} {filter[name]}
        </Button>
      ))}
    </p>
  );
}

function Vitals({ answer, filter, by }: { answer: VitalsAnswer; filter: VitalFilter; by: string }) {
  const navigate = route.useNavigate();
  const dimension = DIMENSIONS.find(({ value }) => value === by)?.value ?? 'route';
  return (
    <div className="users">
      <div className="vital-cards">
        {answer.total.vitals.map((figures) => (
          <VitalCard key={figures.name} figures={figures} />
        ))}
      </div>
      <Panel
        title="Page views"
        note={plural(answer.total.views, 'view')}
        actions={
          <Choice
            label="By"
            bare
            value={dimension}
            options={DIMENSIONS}
            onChange={(value) =>
              void navigate({ search: (old) => ({ ...old, by: value === 'route' ? undefined : value }) })
            }
          />
        }
        flush
      >
        <Groups items={answer.items} by={dimension} />
      </Panel>
      {dimension === 'country' && answer.items.every(({ key }) => key === '') && <NoCountry />}
      <Compare filter={filter} />
      <Budgets />
      <Causes filter={filter} />
      <Frames filter={filter} />
      <Loads filter={filter} />
      <Calls filter={filter} />
    </div>
  );
}

function Groups({ items, by }: { items: readonly VitalGroup[]; by: string }) {
  return (
    <ScrollRegion label="Vitals by group">
      <table>
        <thead>
          <tr>
            <th scope="col">{DIMENSIONS.find(({ value }) => value === by)?.label}</th>
            <th scope="col" className="number">
              Views
            </th>
            {NAMES.map((name) => (
              <th key={name} scope="col">
                {name} p75
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {items.map((group) => (
            <tr key={group.key}>
              <th scope="row">
                {group.key === '' ? (
                  'unknown'
                ) : (
                  <route.Link to="." search={(old) => ({ ...old, by: undefined, [by]: group.key })}>
                    {group.key}
                  </route.Link>
                )}
              </th>
              <td className="number figures">{group.views.toLocaleString('en')}</td>
              {NAMES.map((name) => (
                <Cell key={name} group={group} name={name} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollRegion>
  );
}

function Cell({ group, name }: { group: VitalGroup; name: VitalName }) {
  const figures = group.vitals.find((one) => one.name === name);
  if (!figures) return <td className="quiet">none</td>;
  const { tone, word } = RATINGS[figures.rating];
  return (
    <td>
      <span className={`vital-cell tone-${tone}`} title={word}>
        <span className="figures">{formatVital(name, figures.p75)}</span>
        <Shares figures={figures} />
      </span>
    </td>
  );
}

/** No page view of the range says where it came from. */
function NoCountry() {
  return (
    <p className="quiet">
      Countries come from a platform's header such as <code>x-vercel-ip-country</code>, or from <code>geoip</code> in{' '}
      <code>yumops.yml</code>.
    </p>
  );
}

const SETUP = `init({ endpoint: '${location.origin}', key: 'KEY', app: 'shop', release: '1.4.2', env: 'production' })`;

function NoViews() {
  return (
    <Empty title="No page views in this time">
      <p>
        The five web vitals of your visitors will be here, by route, device, country and release. Add{' '}
        <code>@yumops/browser</code> to your pages with a key that this makes:
      </p>
      <Command line="yumops ingest-key create --scope public" />
      <p>and call it where the application begins:</p>
      <Command line={SETUP} what="call" />
      <p>
        <code>setView(route)</code> names what is shown, <code>setUser(idHash)</code> the person whom an error affects,{' '}
        <code>track(name)</code> a step of the <Link to="/analyses">funnel</Link>.
      </p>
    </Empty>
  );
}
