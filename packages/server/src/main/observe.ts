import { join } from 'node:path';
import { audit } from '../access/audit.ts';
import type { Config } from '../config/index.ts';
import type { Settings } from '../config/settings.ts';
import { createJourneyRunner } from '../journeys/index.ts';
import type { BlobStore } from '../lib/blob.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { SharedFiles } from '../lib/shared-files.ts';
import {
  counterStoreProbe,
  createPlatformHealth,
  heartbeatProbe,
  type PlatformHealth,
  proberProbe,
  spoolProbe,
  stateStoreProbe,
  telemetryStoreProbe,
} from '../observe/health/index.ts';
import {
  createIngest,
  DeliveryClaims,
  followRequestLines,
  type Ingest,
  type ShowLogRows,
} from '../observe/ingest/index.ts';
import {
  createEvidenceFiles,
  createProbeDesk,
  createUptime,
  type EvidenceFiles,
  type ProbeDesk,
  type Uptime,
  type UptimeOptions,
} from '../observe/uptime/index.ts';
import type { WatchedCondition } from '../respond/alerting/index.ts';
import { postgresProbe } from '../store/probes/index.ts';
import { VERSION } from '../version.ts';
import { openBlobs } from './backup/blob.ts';
import { CountedRows } from './counted.ts';
import { filesFolder } from './errors.ts';
import type { Shutdown } from './shutdown.ts';
import type { Stores } from './stores.ts';

/** It runs every second, and evaluations of many rules take a while. */
const ALERT_PATH_LATE_MS = 10_000;

/** How long an agent may be silent after its lease ended before people are told, ms. */
const SILENT_MS = 30_000;

/** Intake, prober and the platform's own health. */
export interface Observe {
  ingest: Ingest;
  /** Told of every insert of ingest. */
  counted: CountedRows;
  /** Shows `follow` the log rows that become durable from now on; `security` says that they are security events. */
  followLogRows(follow: ShowLogRows): void;
  uptime: Uptime;
  evidence: EvidenceFiles;
  probes: ProbeDesk;
  health: PlatformHealth;
}

/** For the alert path: one condition for each agent, or place, that should be heard and is not. */
export function probeConditions(probes: ProbeDesk): WatchedCondition[] {
  return probes.problems().map(({ id, name, location, message }) => ({
    id,
    name: id.startsWith('place:') ? `No probe in ${location}` : `Probe ${name} is silent`,
    labels: { probe: name, location },
    holds: true,
    forMs: SILENT_MS,
    reason: message,
  }));
}

/** Opens the spool and makes the prober; the prober does not check anything yet. */
export async function openObserve(context: {
  settings: Settings;
  config: Config;
  stores: Stores;
  clock: Clock;
  log: Log;
  shutdown: Shutdown;
  shared: SharedFiles;
  /** Whether work on a monitor is planned at an instant, ms since the epoch. */
  planned: NonNullable<UptimeOptions['planned']>;
  /** Key of hashed accounts. */
  accountKey: string;
  /** When the alert path last did its work, ms on the monotonic clock; null = not yet. */
  lastAlertRunAt(): number | null;
  /** Name of this instance among those on one state store. */
  instance: string;
}): Promise<Observe> {
  const { settings, config, stores, clock, log, shutdown, instance } = context;
  const { db, telemetry } = stores;
  const counted = new CountedRows(stores.signals, clock, log);
  let follower: Parameters<Observe['followLogRows']>[0] = () => undefined;
  const ingest = await createIngest({
    folder: join(settings.dataDir, 'spool'),
    telemetry: counted.watch(telemetry),
    files: filesFolder(settings),
    shared: context.shared,
    accountKey: context.accountKey,
    onLogRows: (rows, security) => follower(rows, security),
    ...(sharesDeliveries(settings, config) && { claims: new DeliveryClaims({ db, instance, clock, log }) }),
    onCheckIns: async (project, checkIns) => {
      for (const checkIn of checkIns) await uptime.checkIn({ ...checkIn, project });
    },
    clock,
    log,
  });
  shutdown.add('spool', () => ingest.close());
  const stopFollowing = await followRequestLines({ telemetry, ingest, clock, log });
  shutdown.add('request lines', async () => stopFollowing());
  const { monitors, targets, referenceTargets, location } = config;
  const evidence = openEvidence(settings, config, clock, shutdown);
  const uptime = createUptime({
    db,
    writer: ingest.writer,
    monitors,
    targets,
    referenceTargets,
    location,
    clock,
    log,
    planned: context.planned,
    ...{ instance, signals: stores.signals, checks: settings.roles.has('worker') },
    postgres: postgresProbe,
    journeys: createJourneyRunner({ folder: join(settings.dataDir, 'journeys'), keeper: evidence }),
  });
  const probes = createProbeDesk({ db, clock, log, audit, uptime });
  const health = createPlatformHealth({
    clock,
    version: VERSION,
    environment: settings.env.NODE_ENV ?? 'production',
    probes: [
      stateStoreProbe(db),
      telemetryStoreProbe(telemetry),
      ...(stores.counters.trouble ? [counterStoreProbe(stores.counters.trouble)] : []),
      spoolProbe(() => {
        const { spoolBytes, spoolRefusalBytes, lagSeconds, trouble } = ingest.stats();
        return { bytes: spoolBytes, limitBytes: spoolRefusalBytes, lagSeconds, trouble };
      }),
      ...(settings.roles.has('worker')
        ? [
            proberProbe(() => uptime.stats()),
            heartbeatProbe({ name: 'alert path', clock, lastAt: context.lastAlertRunAt, everyMs: ALERT_PATH_LATE_MS }),
          ]
        : []),
    ],
  });
  const followLogRows: Observe['followLogRows'] = (follow) => {
    follower = follow;
  };
  return { ingest, counted, followLogRows, uptime, evidence, probes, health };
}

/** Only instances on a state store of their own, embedded one, can be sure to be alone. */
function sharesDeliveries({ stateUrl, roles }: Settings, { stores }: Config): boolean {
  return roles.has('ingest') && (stateUrl !== undefined || stores.state !== 'embedded');
}

/** Recordings of failed checks lie beside the backups; the store is opened when the first one comes. */
function openEvidence(settings: Settings, config: Config, clock: Clock, shutdown: Shutdown): EvidenceFiles {
  let opened: Promise<BlobStore> | undefined;
  shutdown.add('recordings of checks', async () => (await opened?.catch(() => undefined))?.close());
  const open = () => {
    opened ??= openBlobs(settings, config).catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };
  return createEvidenceFiles(open, clock);
}
