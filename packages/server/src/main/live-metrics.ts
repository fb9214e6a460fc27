import { type MetricFamily, readLive } from '../care/scaling/index.ts';
import type { Scheduler } from '../care/scheduler/index.ts';
import type { Clock } from '../lib/clock.ts';
import { messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import type { Observe } from './observe.ts';
import type { Stores } from './stores.ts';

type Samples = MetricFamily['samples'];

export interface LiveMetricsDeps {
  stores: Pick<Stores, 'db' | 'telemetry'>;
  observe: Pick<Observe, 'ingest' | 'uptime'>;
  scheduler: Pick<Scheduler, 'list'>;
  clock: Clock;
  log: Log;
}

const one = (value: number): Samples => [{ labels: {}, value }];
const gauge = (name: string, help: string, samples: Samples): MetricFamily => ({ name, help, type: 'gauge', samples });
const counter = (name: string, help: string, samples: Samples): MetricFamily => ({
  name,
  help,
  type: 'counter',
  samples,
});

function ofIngest({ ingest, uptime }: LiveMetricsDeps['observe']): MetricFamily[] {
  const stats = ingest.stats();
  const stored = Object.entries(stats.stored).map(([table, value]) => ({ labels: { table }, value }));
  return [
    gauge(
      'yumops_ingest_lag_seconds',
      'Age of the oldest row that is not in the telemetry store yet',
      one(stats.lagSeconds),
    ),
    gauge('yumops_spool_bytes', 'Spool on disk', one(stats.spoolBytes)),
    gauge('yumops_spool_limit_bytes', 'Spool at which records are refused', one(stats.spoolRefusalBytes)),
    counter('yumops_ingest_accepted_total', 'Records taken since the start', one(stats.accepted)),
    counter('yumops_ingest_rejected_total', 'Records refused since the start', one(stats.rejected)),
    counter('yumops_ingest_refused_total', 'Deliveries refused because the spool was full', one(stats.refused)),
    counter('yumops_ingest_retries_total', 'Inserts that had to be tried again', one(stats.retries)),
    counter('yumops_ingest_stored_rows_total', 'Rows stored since the start', stored),
    counter('yumops_uptime_checks_total', 'Checks made since the start', one(uptime.stats().checks)),
    counter('yumops_check_ins_ignored_total', 'Second ends of runs that came too late', one(uptime.stats().ignored)),
  ];
}

function ofProcess(): MetricFamily[] {
  const { user, system } = process.cpuUsage();
  return [
    counter('process_cpu_seconds_total', 'CPU time of this instance', one((user + system) / 1e6)),
    gauge('process_resident_memory_bytes', 'Memory of this instance', one(process.memoryUsage.rss())),
  ];
}

async function ofQueues({ stores, scheduler }: LiveMetricsDeps): Promise<MetricFamily[]> {
  const [waiting] = await stores.db.query<{ messages: number; alerts: number }>(
    `SELECT (SELECT count(*) FROM alert_messages WHERE status IN ('queued', 'sending', 'retrying', 'uncertain'))::float8 AS messages,
            (SELECT count(*) FROM alerts WHERE state = 'firing')::float8 AS alerts`,
  );
  const active = (await scheduler.list()).flatMap(({ runs }) => runs.map(({ status }) => status));
  const runs = (status: string) => ({
    labels: { state: status },
    value: active.filter((own) => own === status).length,
  });
  return [
    gauge('yumops_alert_queue', 'Messages of alerts that are not delivered yet', one(waiting?.messages ?? 0)),
    gauge('yumops_alerts_firing', 'Alerts that fire', one(waiting?.alerts ?? 0)),
    gauge('yumops_job_runs', 'Runs of jobs that wait, and that are at work', [runs('queued'), runs('running')]),
  ];
}

/** Everything that `GET /metrics` tells. A store that does not answer is shown as such, and its metrics are left out. */
export async function liveMetrics(deps: LiveMetricsDeps): Promise<MetricFamily[]> {
  const { stores, clock, log } = deps;
  const parts: [source: string, read: () => Promise<MetricFamily[]>][] = [
    ['telemetry', () => readLive(stores.telemetry, clock.now())],
    ['state', () => ofQueues(deps)],
  ];
  const families: MetricFamily[] = [];
  const up: { labels: { source: string }; value: number }[] = [];
  for (const [source, read] of parts) {
    try {
      families.push(...(await read()));
      up.push({ labels: { source }, value: 1 });
    } catch (error) {
      log.warn(`metrics of the ${source} store are left out`, { error: messageOf(error) });
      up.push({ labels: { source }, value: 0 });
    }
  }
  const answered = gauge('yumops_source_up', 'Whether a store answered: 1, or 0 and its metrics are left out', up);
  return [answered, ...families, ...ofIngest(deps.observe), ...ofProcess()];
}
