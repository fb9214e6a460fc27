import type { FastifyInstance } from 'fastify';
import type { DrillRecord } from '../care/backup/index.ts';
import type { Config } from '../config/index.ts';
import type { Settings } from '../config/settings.ts';
import { redirectToInbox } from '../demo/redirect.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Alerting } from '../respond/alerting/index.ts';
import { VERSION } from '../version.ts';
import { makeArchives } from './backup/archives.ts';
import { declareFailedDrill } from './backup/failed-drill.ts';
import { makeBackups } from './backup/open.ts';
import { openDatabaseCare } from './care.ts';
import { loadUsableConfig } from './config.ts';
import { openDemoInbox } from './demo.ts';
import { makeErrors } from './errors.ts';
import type { Identity } from './identity.ts';
import { makeResponse } from './incidents.ts';
import { instanceName } from './instance-name.ts';
import { makeInstances } from './instances.ts';
import { makeScheduler } from './jobs.ts';
import { type LiveConfig, liveConfig } from './live-config.ts';
import { openObserve } from './observe.ts';
import { makeOnCall } from './on-call.ts';
import { makeReports } from './reports.ts';
import { makeAlerting } from './respond.ts';
import { makeScaling } from './scaling.ts';
import { makeScanner } from './scan.ts';
import { makeSecurity } from './security.ts';
import { openSharedFiles } from './shared-files.ts';
import type { Shutdown } from './shutdown.ts';
import { startWork } from './start-work.ts';
import { makeStoredMonitors } from './stored-monitors.ts';
import { openStores, type Stores } from './stores.ts';
import { makeWindows } from './windows.ts';

export interface AssembleOptions {
  settings: Settings;
  /** Where this process listens. */
  localUrl: string;
  demoInbox: boolean;
  clock: Clock;
  log: Log;
  shutdown: Shutdown;
}

/** Every part, opened and wired, but not at work yet. */
export interface Parts {
  app: FastifyInstance;
  identity: Identity;
  publicUrl: string;
  /** Starts prober, evaluator, deliveries and the watch over the configuration. */
  startWork(): Promise<void>;
  /** Readiness goes down; what was accepted is still served. */
  beginDrain(): void;
}

/** Loads the configuration that runs; with the demo inbox its messages go there. */
async function openLiveConfig(options: AssembleOptions, { db }: Stores): Promise<LiveConfig> {
  const { settings, clock, log, shutdown } = options;
  const inbox = options.demoInbox ? await openDemoInbox({ db, clock, log, shutdown }) : undefined;
  const env = inbox
    ? { ...settings.env, DEMO_INBOX_SLACK: inbox.slackUrl, DEMO_INBOX_SMTP: inbox.smtpUrl }
    : settings.env;
  const adapt = (config: Config) => (inbox ? redirectToInbox(config, inbox) : config);
  const live = liveConfig({ path: settings.config, env, adapt, clock, log });
  shutdown.add('configuration watch', async () => live.stop());
  return live;
}

/** Who is who and the HTTP side: a third of all modules, loaded while the engines of the stores come up. */
async function loadWeb() {
  const [{ openIdentity }, { createHttpServer }, { registerRoutes }] = await Promise.all([
    import('./identity.ts'),
    import('../http/server.ts'),
    import('./routes.ts'),
  ]);
  return { openIdentity, createHttpServer, registerRoutes };
}

/** What every part stands on: stores, configuration, who is who, and files that instances share. */
async function openGround(options: AssembleOptions) {
  const { settings, localUrl, clock, log, shutdown } = options;
  const written = loadUsableConfig(settings.config, settings.env).config;
  const opening = [openStores({ settings, stores: written.stores, clock, log, shutdown }), loadWeb()] as const;
  // What still opens when the other has failed would be closed by nobody.
  await Promise.allSettled(opening);
  const [stores, { openIdentity, ...web }] = await Promise.all(opening);
  const live = await openLiveConfig(options, stores);
  const publicUrl = live.current.publicUrl ?? localUrl;
  const identity = await openIdentity({ settings, stores, live, publicUrl, clock, log, shutdown });
  const shared = openSharedFiles({ settings, config: written, keyring: identity.keyring, shutdown });
  return { stores, live, publicUrl, identity, shared, ...web };
}

/** Opens the stores and wires every part to them. */
export async function assemble(options: AssembleOptions): Promise<Parts> {
  const { settings, localUrl, clock, log, shutdown } = options;
  const { stores, live, publicUrl, identity, shared, ...web } = await openGround(options);
  let alertPath: Alerting | undefined;
  const lastAlertRunAt = () => alertPath?.lastRunAt() ?? null;
  const { windows, plannedChecks } = makeWindows({ live, stores, clock, log, replan: async () => alertPath?.replan() });
  const instance = await instanceName(settings.dataDir);
  const observe = await openObserve({
    ...{ settings, config: live.current, stores, shared, clock, log, shutdown, lastAlertRunAt, instance },
    planned: (monitor, at) => plannedChecks.covers(monitor, at),
    accountKey: identity.accountKey,
  });
  const failedDrill = (drill: DrillRecord) => declareFailedDrill(response.incidents, drill, clock.now());
  const backups = makeBackups({ settings, live, writer: observe.ingest.writer, clock, log, shutdown, failedDrill });
  const security = makeSecurity({
    ...{ live, stores, observe, instance, clock, log },
    others: () => instances.othersWith('ingest'),
  });
  const scaling = makeScaling({ settings, live, stores, observe, instance, clock, log });
  const archives = makeArchives({ settings, stores, identity, clock, log });
  const alerting = makeAlerting({
    live,
    stores,
    observe,
    onCall: makeOnCall({ live, stores, clock, publicUrl }),
    ...{ clock, log, publicUrl, instance, dataDir: settings.dataDir },
    secretKey: identity.keyring.current,
    ...{ windows, shutdown },
    conditions: () => conditions(),
  });
  const databases = openDatabaseCare({
    ...{ dataDir: settings.dataDir, live, stores, observe, clock, log, shutdown },
    onDuty: () => instances.onDuty,
  });
  alertPath = alerting;
  const parts = { stores, live, alerting, databases, clock, log, publicUrl };
  const response = makeResponse({ ...parts, linkKey: identity.linkKey, scheduler: () => scheduler });
  const errors = makeErrors({ settings, stores, observe, live, shared, clock, log });
  const desk = makeReports({ ...parts, ...response, backups, errors, windows, scaling });
  const storedMonitors = makeStoredMonitors({ live, stores, observe, keyring: identity.keyring, log });
  const scanner = makeScanner({ ...parts, settings, observe, identity, backups, storedMonitors });
  const scheduler = makeScheduler({
    ...{ stores, observe, databases, backups, archives, desk, instance, live, clock, log, shutdown },
    scanning: { scanner, publicUrl },
    elsewhere: !settings.roles.has('worker'),
  });
  const { instances, conditions } = makeInstances({
    ...{ settings, stores, identity, live, observe, databases, backups, archives, scheduler, instance },
    ...{ localUrl, clock, log },
  });
  const app = await web.createHttpServer({ log, version: VERSION, https: publicUrl.startsWith('https:') });
  web.registerRoutes(app, {
    ...{ settings, live, stores, identity, observe, alerting, errors, databases, scheduler, windows, backups },
    ...response,
    ...{ storedMonitors, security, instances, scaling, scanner, clock, log, publicUrl, reports: desk.reports, shared },
    demoInbox: options.demoInbox,
  });
  return {
    app,
    identity,
    publicUrl,
    startWork: () =>
      startWork({
        auditWitness: identity.auditWitness,
        ...{ live, plannedChecks, observe, errors, alerting, backups, scheduler, archives, log, shutdown },
        ...{ storedMonitors, stores, security, scaling, scanner, clock, databases, instances, ...response },
        ...{ db: stores.db, roles: settings.roles },
      }),
    beginDrain: () => observe.health.drain(),
  };
}
