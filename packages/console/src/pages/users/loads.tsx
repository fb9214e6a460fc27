import { useQuery } from '@tanstack/react-query';
import type { PageLoads } from '@yumops/protocol';
import { Empty } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { formatBytes, formatCount, formatMilliseconds, formatPercent, plural, UNKNOWN } from '../../format/number.ts';
import { loadsQuery, type VitalFilter } from './users-queries.ts';

const PHASES: readonly (readonly [keyof PageLoads['phases'], string])[] = [
  ['dnsLookup', 'Name'],
  ['tcpConnection', 'Connection'],
  ['serverResponse', 'Server'],
  ['domProcessing', 'Document'],
  ['resourceLoading', 'Resources'],
  ['totalLoadTime', 'Whole load'],
];

/** What a page load spends its time on, and what it brings with it. */
export function Loads({ filter }: { filter: VitalFilter }) {
  const query = useQuery(loadsQuery(filter));
  return (
    <Panel
      title="Page loads"
      note={query.data && query.data.count > 0 ? `${plural(query.data.count, 'load')}, p75` : 'p75'}
    >
      <QueryView query={query} what="the page loads" rows={2}>
        {(loads) => (loads.count === 0 ? <Empty title="No page load in this time" /> : <Figures loads={loads} />)}
      </QueryView>
    </Panel>
  );
}

function Figures({ loads: { phases, resources } }: { loads: PageLoads }) {
  return (
    <dl className="load-phases">
      {PHASES.map(([name, label]) => {
        const value = phases[name];
        return <Figure key={name} label={label} value={value === null ? UNKNOWN : formatMilliseconds(value)} />;
      })}
      {resources && (
        <>
          <Figure label="Files" value={formatCount(resources.files)} />
          <Figure label="Over the network" value={formatBytes(resources.bytes)} />
          <Figure label="From the cache" value={formatPercent(resources.cached * 100)} />
        </>
      )}
    </dl>
  );
}

function Figure({ label, value }: { label: string; value: string }) {
  return (
    <div>
      <dt className="quiet">{label}</dt>
      <dd className="figures">{value}</dd>
    </div>
  );
}
