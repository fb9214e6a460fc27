import { getRouteApi } from '@tanstack/react-router';
import type { CapacityResource } from '@yumops/protocol';
import { Command } from '../../components/command.tsx';
import { useListKeys } from '../../components/list-keys.ts';
import { Empty } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { State } from '../../components/state.tsx';
import { Instant } from '../../components/when.tsx';
import { plural } from '../../format/number.ts';
import { ForecastChart } from './forecast-chart.tsx';
import { formatUnit, outlookLook, withoutTitle } from './scaling-look.ts';
import '../../components/facts.css';

const route = getRouteApi('/console/scaling');

/** What can run out, the most urgent first, and beside it the chosen one with its forecast. */
export function Resources({ resources }: { resources: readonly CapacityResource[] }) {
  const { resource: wanted } = route.useSearch();
  const list = useListKeys<HTMLUListElement>();
  const chosen = resources.find(({ id }) => id === wanted) ?? resources[0];
  if (chosen === undefined) {
    return (
      <Panel title="What can run out">
        <Empty title="Nothing was measured yet">
          Disks, databases, connections, traffic, telemetry and backups will be here, each with the day of its limit.
          The first levels come within a minute of the start.
        </Empty>
      </Panel>
    );
  }
  return (
    <div className="scaling-pair">
      <Panel title="What can run out" note={plural(resources.length, 'resource')} flush>
        <ul className="capacity-list" ref={list}>
          {resources.map((resource) => (
            <li key={resource.id}>
              <Row resource={resource} current={resource.id === chosen.id} />
            </li>
          ))}
        </ul>
      </Panel>
      <Chosen resource={chosen} />
    </div>
  );
}

function Row({ resource, current }: { resource: CapacityResource; current: boolean }) {
  const { id, title, unit, limit, outlook } = resource;
  const now = formatUnit(resource.current, unit);
  return (
    <route.Link
      data-row
      to="."
      search={(old: object) => ({ ...old, resource: id })}
      className="capacity-row"
      data-current={current}
      aria-current={current}
    >
      <strong className="truncate">{title}</strong>
      <State {...outlookLook(outlook)} />
      <span className="quiet figures">{limit === null ? now : `${now} of ${formatUnit(limit, unit)}`}</span>
    </route.Link>
  );
}

function Chosen({ resource }: { resource: CapacityResource }) {
  const { title, unit, current, limit, limitFrom, growthPerDay, since, samples, query } = resource;
  const growth = (value: number) => `${formatUnit(value, unit)}`;
  return (
    <Panel title={title}>
      <div className="capacity-chosen">
        <p>{withoutTitle(resource)}</p>
        <ForecastChart resource={resource} />
        <dl className="facts">
          <dt>Now</dt>
          <dd className="figures">{formatUnit(current, unit)}</dd>
          <dt>Limit</dt>
          <dd>{limit === null ? `Not known: ${limitFrom}.` : `${formatUnit(limit, unit)}: ${limitFrom}.`}</dd>
          <dt>Growth</dt>
          <dd className="figures">
            {growthPerDay === null
              ? 'unknown'
              : `${growth(growthPerDay.value)} a day, 95 % sure between ${growth(growthPerDay.low)} and ${growth(growthPerDay.high)}`}
          </dd>
          <dt>Made of</dt>
          <dd>
            {plural(samples, 'hourly value')}
            {since !== null && (
              <>
                {' '}
                since <Instant at={since} />
              </>
            )}
          </dd>
          <dt>Query</dt>
          <dd>
            <Command line={query} what="query" />
          </dd>
        </dl>
      </div>
    </Panel>
  );
}
