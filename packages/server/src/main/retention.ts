import type { Job } from '../care/scheduler/index.ts';
import type { Clock } from '../lib/clock.ts';
import type { TelemetryStore } from '../lib/telemetry.ts';
import { expirePartitions, type Ingest } from '../observe/ingest/index.ts';
import type { EvidenceFiles } from '../observe/uptime/index.ts';
import type { LiveConfig } from './live-config.ts';

/** The job that drops telemetry beyond its retention, partition by partition. */
export function retentionJob(context: {
  telemetry: TelemetryStore;
  ingest: Pick<Ingest, 'expireAttachments'>;
  evidence: Pick<EvidenceFiles, 'expire'>;
  live: LiveConfig;
  clock: Clock;
}): Job {
  const { telemetry, ingest, evidence, live, clock } = context;
  return {
    name: 'telemetry-retention',
    title: 'Drop telemetry that is older than its retention',
    schedule: { pattern: '7 * * * *', timeZone: 'UTC' },
    group: null,
    catchUp: 'latest',
    attempts: 3,
    async run({ log }) {
      const dropped = await expirePartitions(telemetry, live.current.retention, clock.now());
      for (const { table, day, retentionClass } of dropped) log(`dropped ${table} of ${day} (${retentionClass})`);
      await ingest.expireAttachments(clock.now() - live.current.retention.errors);
      const files = await evidence.expire(clock.now() - live.current.retention.checks);
      if (files > 0) log(`removed ${files} recordings of failed checks`);
      const summary = dropped.length === 0 ? 'nothing had expired' : `${dropped.length} expired partitions dropped`;
      return { summary, detail: { partitions: dropped.length } };
    },
  };
}
