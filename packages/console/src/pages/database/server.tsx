import { useQuery } from '@tanstack/react-query';
import type { DiskRoom, ServerLoad, ServerPoint } from '@yumops/protocol';
import { type ChartSeries, TimeChart } from '../../charts/time-chart.tsx';
import { Empty } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { formatBytes, formatCount, formatPercent, UNKNOWN } from '../../format/number.ts';
import { useLiveInterval } from '../../time/page-time.tsx';
import { serverQuery } from './database-queries.ts';
import { DaysLeft, formatGrowth } from './growth.tsx';
import { SpanChoice, useSpan } from './span-choice.tsx';
import '../../components/facts.css';

type Counter = Exclude<keyof ServerPoint, 'at'>;

interface Chart {
  title: string;
  summary: string;
  kind: 'lines' | 'bars';
  series: readonly [counter: Counter, label: string][];
  format(value: number): string;
}

const rate = (bytes: number) => `${formatBytes(bytes)}/s`;
const share = (value: number) => formatPercent(value * 100);

const OF_SERVER: readonly Chart[] = [
  {
    title: 'Write-ahead log',
    summary: 'Bytes of write-ahead log a second',
    ...{ kind: 'lines', series: [['walRate', 'written']], format: rate },
  },
  {
    title: 'Files',
    summary: 'Bytes a second read into the buffers and written out of them',
    kind: 'lines',
    ...{
      series: [
        ['readRate', 'read'],
        ['writeRate', 'written'],
      ],
      format: rate,
    },
  },
  {
    title: 'Checkpoints',
    summary: 'Checkpoints that came in time, and those that were requested before it',
    kind: 'bars',
    ...{
      series: [
        ['checkpointsTimed', 'in time'],
        ['checkpointsRequested', 'requested'],
      ],
      format: formatCount,
    },
  },
  {
    title: 'Size',
    summary: 'Size of all databases of the server and its write-ahead log',
    ...{ kind: 'lines', series: [['bytes', 'taken']], format: formatBytes },
  },
];

const OF_DATABASE: readonly Chart[] = [
  {
    title: 'Cache',
    summary: 'Share of pages that were found in the buffers',
    ...{ kind: 'lines', series: [['cacheHit', 'found']], format: share },
  },
  {
    title: 'Transactions',
    summary: 'Transactions that were committed and rolled back',
    kind: 'bars',
    ...{
      series: [
        ['commits', 'committed'],
        ['rollbacks', 'rolled back'],
      ],
      format: formatCount,
    },
  },
  {
    title: 'Temporary files',
    summary: 'Bytes of sorts and joins that did not fit into memory',
    ...{ kind: 'bars', series: [['tempBytes', 'written']], format: formatBytes },
  },
  {
    title: 'Deadlocks',
    summary: 'Deadlocks that Postgres ended',
    ...{ kind: 'bars', series: [['deadlocks', 'deadlocks']], format: formatCount },
  },
];

/** What the server of a database did over time: write-ahead log, files, checkpoints, cache, and its disk. */
export function Server({ database }: { database: string }) {
  const span = useSpan();
  const query = useQuery({ ...serverQuery(database, span), refetchInterval: useLiveInterval() });
  return (
    <div className="database-view">
      <SpanChoice />
      <QueryView query={query} what="what the server did" rows={8}>
        {(load) => (isSeen(load) ? <Seen load={load} span={span} /> : <Unseen />)}
      </QueryView>
    </div>
  );
}

function isSeen({ points }: ServerLoad): boolean {
  return points.some((point) => Object.entries(point).some(([key, value]) => key !== 'at' && value !== null));
}

function Unseen() {
  return (
    <Empty title="Nothing was seen of the server in this time">
      Its counters are read every 30 seconds; two looks are needed. If none comes, see the findings: the role may lack
      rights.
    </Empty>
  );
}

function Seen({ load: { points, disk }, span }: { load: ServerLoad; span: string }) {
  return (
    <>
      <Disk disk={disk} />
      <Panel title="The whole server">
        <Charts charts={OF_SERVER} points={points} span={span} />
      </Panel>
      <Panel title="This database">
        <Charts charts={OF_DATABASE} points={points} span={span} />
      </Panel>
    </>
  );
}

function Disk({ disk }: { disk: DiskRoom }) {
  const bytes = (value: number | null) => (value === null ? UNKNOWN : formatBytes(value));
  return (
    <Panel title="Disk" note="growth over the last 14 days">
      <dl className="facts">
        <dt>Taken</dt>
        <dd>{bytes(disk.used)}</dd>
        <dt>Left</dt>
        <dd>{bytes(disk.free)}</dd>
        <dt>Grows a day</dt>
        <dd>{formatGrowth(disk.growthPerDay)}</dd>
        <dt>Full in</dt>
        <dd>
          <DaysLeft of={disk} />
        </dd>
      </dl>
    </Panel>
  );
}

function Charts({ charts, points, span }: { charts: readonly Chart[]; points: readonly ServerPoint[]; span: string }) {
  const times = points.map(({ at }) => at);
  return (
    <div className="server-charts">
      {charts.map(({ title, summary, kind, series, format }) => (
        <TimeChart
          key={title}
          title={title}
          summary={`${summary} over the last ${span}`}
          kind={kind}
          times={times}
          step={(times[1] ?? 0) - (times[0] ?? 0)}
          series={series.map(
            ([counter, label], place): ChartSeries => ({
              label,
              token: `series-${place + 1}`,
              values: points.map((point) => point[counter]),
            }),
          )}
          format={format}
          height={120}
        />
      ))}
    </div>
  );
}
