import type { FastifyInstance } from 'fastify';
import type { Reports } from '../care/reports/index.ts';
import type { Scaling } from '../care/scaling/index.ts';
import type { Scanner } from '../care/scan/index.ts';
import type { Scheduler } from '../care/scheduler/index.ts';
import type { SecurityWatch } from '../care/security/index.ts';
import type { Settings } from '../config/settings.ts';
import { accessAdminRoutes } from '../http/access-admin.ts';
import { alertmanagerRoutes } from '../http/alertmanager.ts';
import { alertRoutes } from '../http/alerts.ts';
import { analysisRoutes } from '../http/analyses.ts';
import { auditRoutes } from '../http/audit.ts';
import { authRoutes } from '../http/auth.ts';
import { backupRoutes } from '../http/backups.ts';
import { checkFileRoutes } from '../http/check-files.ts';
import { checkRoutes } from '../http/checks.ts';
import { configurationRoutes } from '../http/configuration.ts';
import { demoInboxRoutes } from '../http/demo-inbox.ts';
import { errorRoutes } from '../http/errors.ts';
import { healthRoutes } from '../http/health.ts';
import { incidentRoutes } from '../http/incidents.ts';
import { ingestKeyRoutes } from '../http/ingest-keys.ts';
import { instanceRoutes } from '../http/instances.ts';
import { jobRoutes } from '../http/jobs.ts';
import { logsRoutes } from '../http/logs.ts';
import { metricsRoutes } from '../http/metrics.ts';
import { monitorEditorRoutes } from '../http/monitor-editor.ts';
import { monitorHistoryRoutes } from '../http/monitor-history.ts';
import { monitorRoutes } from '../http/monitors.ts';
import { onCallRoutes } from '../http/oncall.ts';
import { overviewRoutes } from '../http/overview.ts';
import { peopleRoutes } from '../http/people.ts';
import { personalDataRoutes } from '../http/personal-data.ts';
import { probeRoutes } from '../http/probes.ts';
import { procedureRoutes } from '../http/procedures.ts';
import { projectRoutes } from '../http/projects.ts';
import { queryRoutes } from '../http/query.ts';
import { reportRoutes } from '../http/reports.ts';
import { ruleBucketRoutes } from '../http/rule-buckets.ts';
import { ruleRoutes } from '../http/rules.ts';
import { runbookRoutes } from '../http/runbooks.ts';
import { scalingRoutes } from '../http/scaling.ts';
import { secretRoutes } from '../http/secrets.ts';
import { sentryUploadRoutes } from '../http/sentry-uploads.ts';
import { silenceRoutes } from '../http/silences.ts';
import { sloRoutes } from '../http/slos.ts';
import { statusPageRoutes } from '../http/status-page.ts';
import { statusPostRoutes } from '../http/status-posts.ts';
import { tokenRoutes } from '../http/tokens.ts';
import { toolRoutes } from '../http/tools.ts';
import { traceRoutes } from '../http/traces.ts';
import { viewRoutes } from '../http/views.ts';
import { vitalRoutes } from '../http/vitals.ts';
import { windowRoutes } from '../http/windows.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { pseudonymOf } from '../lib/pseudonym.ts';
import type { Reach } from '../lib/reach.ts';
import type { Errors } from '../observe/errors/index.ts';
import { createLogSearch, followStored, type LogFollower } from '../observe/logs/index.ts';
import { createAvailability, listMonitors, type StoredMonitors } from '../observe/uptime/index.ts';
import { type Alerting, storedBuckets } from '../respond/alerting/index.ts';
import type { Incidents } from '../respond/incidents/index.ts';
import { createProcedures } from '../respond/procedures/index.ts';
import type { Checklists } from '../respond/runbooks/index.ts';
import type { StatusPage } from '../respond/statuspage/index.ts';
import type { Windows } from '../respond/windows/index.ts';
import { VERSION } from '../version.ts';
import type { LiveBackups } from './backup/open.ts';
import { backupPages } from './backup/pages.ts';
import type { DatabaseCare } from './care.ts';
import { registerDatabases } from './database-routes.ts';
import type { Identity } from './identity.ts';
import type { PlatformInstances } from './instances.ts';
import { registerIntake } from './intake-routes.ts';
import type { LiveConfig } from './live-config.ts';
import { liveMetrics } from './live-metrics.ts';
import { registerNotifications } from './notifications.ts';
import type { Observe } from './observe.ts';
import { makeOnCall } from './on-call.ts';
import { registerScan } from './scan.ts';
import { sealedParts } from './sealed-parts.ts';
import { registerSecurity } from './security.ts';
import type { SealedFiles } from './shared-files.ts';
import type { Stores } from './stores.ts';

export interface RouteParts {
  settings: Settings;
  live: LiveConfig;
  stores: Stores;
  identity: Identity;
  observe: Observe;
  alerting: Alerting;
  errors: Errors;
  databases: DatabaseCare;
  scheduler: Scheduler;
  reports: Reports;
  windows: Windows;
  incidents: Incidents;
  checklists: Checklists;
  statusPage: StatusPage;
  backups: LiveBackups;
  storedMonitors: StoredMonitors;
  security: SecurityWatch;
  scaling: Scaling;
  scanner: Scanner;
  clock: Clock;
  log: Log;
  publicUrl: string;
  demoInbox: boolean;
  shared: SealedFiles;
  instances: PlatformInstances;
}

/** Registers the resources that belong to the roles of this instance. */
export function registerRoutes(app: FastifyInstance, parts: RouteParts): void {
  const { roles } = parts.settings;
  if (roles.has('web')) registerAccess(app, parts);
  healthRoutes(app, { health: parts.observe.health, guard: parts.identity.guard });
  registerMetrics(app, parts);
  if (roles.has('ingest')) registerIntake(app, parts);
  if (roles.has('ingest') || roles.has('web')) registerForMachines(app, parts);
  if (roles.has('web')) registerPages(app, parts);
}

/** What tools and agents both send to and read from. */
function registerForMachines(app: FastifyInstance, parts: RouteParts): void {
  const { alerting, clock, errors, observe, stores } = parts;
  const { guard, findIngestKey } = parts.identity;
  sentryUploadRoutes(app, { errors, guard });
  probeRoutes(app, { guard, db: stores.db, clock, desk: observe.probes, evidence: observe.evidence });
  alertmanagerRoutes(app, { alerting, guard, findIngestKey, version: VERSION, startedAt: clock.now() });
}

/** What people, and programs in their name, look at and work with. */
function registerPages(app: FastifyInstance, parts: RouteParts): void {
  const { alerting, clock, publicUrl } = parts;
  const { db, telemetry } = parts.stores;
  const { guard } = parts.identity;
  const { ingest, uptime } = parts.observe;
  const availability = createAvailability({ db, telemetry }, clock);
  errorRoutes(app, { errors: parts.errors, ingest, guard, clock });
  monitorRoutes(app, { guard, clock, db, telemetry, availability, publicUrl });
  monitorEditorRoutes(app, { guard, clock, stored: parts.storedMonitors, uptime });
  monitorHistoryRoutes(app, { guard, clock, db, telemetry, availability });
  checkRoutes(app, { guard, clock, db, telemetry });
  checkFileRoutes(app, { files: parts.observe.evidence, guard });
  registerLogs(app, parts);
  queryRoutes(app, { telemetry, guard, clock });
  vitalRoutes(app, { telemetry, guard, clock });
  analysisRoutes(app, { telemetry, guard, clock });
  viewRoutes(app, { db, guard, clock });
  traceRoutes(app, { telemetry, guard, clock });
  instanceRoutes(app, { guard, instances: () => parts.instances.list() });
  configurationRoutes(app, { guard, report: () => parts.live.report() });
  alertRoutes(app, { alerting, guard, clock });
  ruleRoutes(app, { alerting, buckets: storedBuckets(telemetry), guard, clock });
  ruleBucketRoutes(app, { buckets: (reach) => storedBuckets(telemetry.within(reach)), guard });
  silenceRoutes(app, { silences: alerting.silences, guard });
  const backups = backupPages(parts.backups.open, parts.backups.watch, clock);
  backupRoutes(app, { pages: backups, scheduler: parts.scheduler, guard, db, clock });
  jobRoutes(app, { scheduler: parts.scheduler, guard, clock });
  reportRoutes(app, { reports: parts.reports, scheduler: parts.scheduler, guard });
  windowRoutes(app, { windows: parts.windows, guard, clock });
  statusPageRoutes(app, { page: parts.statusPage });
  statusPostRoutes(app, { page: parts.statusPage, incidents: parts.incidents, guard, clock });
  incidentRoutes(app, { incidents: parts.incidents, guard, clock });
  procedureRoutes(app, {
    procedures: createProcedures({ checklists: parts.checklists, windows: parts.windows, page: parts.statusPage }),
    ...{ checklists: parts.checklists, guard, clock },
  });
  runbookRoutes(app, { checklists: parts.checklists, incidents: parts.incidents, guard, clock });
  sloRoutes(app, { slos: () => parts.live.current.slos, telemetry, alerting, windows: parts.windows, guard, clock });
  onCallRoutes(app, { onCall: makeOnCall(parts), guard, clock, publicUrl });
  scalingRoutes(app, { scaling: parts.scaling, guard });
  registerSecurity(app, parts);
  registerScan(app, parts);
  registerDatabases(app, parts);
  registerNotifications(app, parts);
  toolRoutes(app, { db, clock, guard, publicUrl });
  if (parts.demoInbox) demoInboxRoutes(app, { db, guard });
  registerOverview(app, parts, availability);
}

/** Figures for autoscalers, of each instance. */
function registerMetrics(app: FastifyInstance, parts: RouteParts): void {
  metricsRoutes(app, {
    ...{ guard: parts.identity.guard, version: VERSION },
    open: () => parts.live.current.scaling.metrics === 'open',
    families: () => liveMetrics(parts),
  });
}

/** The live tail shows what this instance takes in, or, where others take in too, what reaches the store. */
function registerLogs(
  app: FastifyInstance,
  { settings, stores, observe, instances, identity, clock, log }: RouteParts,
) {
  const search = (reach: Reach) => createLogSearch(stores.telemetry.within(reach), clock);
  const elsewhere = () =>
    !settings.roles.has('ingest') || instances.others().some(({ roles }) => roles.includes('ingest'));
  const stored = (query: string, follower: LogFollower, reach: Reach) =>
    followStored({ search: search(reach), clock, log }, query, follower);
  logsRoutes(app, { search, tail: observe.ingest.tail, elsewhere, stored, guard: identity.guard, clock });
}

/** Before all others: the routes of tokens keep count of the resources that come after them. */
function registerAccess(app: FastifyInstance, parts: RouteParts): void {
  const { identity, stores, observe, live, clock, publicUrl, shared } = parts;
  const { accounts, guard, auditWitness } = identity;
  const { db, telemetry } = stores;
  tokenRoutes(app, { db, guard, clock });
  authRoutes(app, { accounts, signIn: live.current.signIn, publicUrl });
  ingestKeyRoutes(app, { db, guard, clock });
  projectRoutes(app, { db, guard });
  accessAdminRoutes(app, { db, accounts, guard, clock, publicUrl });
  personalDataRoutes(app, {
    ...{ db, telemetry, guard, clock, lagSeconds: () => observe.ingest.stats().lagSeconds },
    pseudonym: (account) => pseudonymOf(identity.accountKey, account),
  });
  peopleRoutes(app, { db, accounts, guard, clock });
  secretRoutes(app, { db, guard, clock, ring: identity.keyring, parts: sealedParts({ stores, identity, shared }) });
  auditRoutes(app, { db, guard, witness: () => auditWitness.read() });
}

/** How many monitors and alerts the verdict looks at. */
const MONITORS_READ = 5_000;
const ALERTS_READ = 200;

function registerOverview(
  app: FastifyInstance,
  parts: RouteParts,
  availability: ReturnType<typeof createAvailability>,
): void {
  const { settings, live, stores, identity, observe, alerting, clock } = parts;
  const { db, telemetry } = stores;
  overviewRoutes(app, {
    guard: identity.guard,
    clock,
    telemetry,
    instance: {
      service: live.current.service,
      version: VERSION,
      environment: settings.env.NODE_ENV ?? 'production',
      example: settings.env.YUMZOOM_URL ? { url: settings.env.YUMZOOM_URL } : null,
      demoInbox: parts.demoInbox,
    },
    async monitors(reach) {
      const known = await availability.read().catch(() => new Map<string, number>());
      const view = { availability: known, publicUrl: parts.publicUrl, reach };
      return (await listMonitors(db, view, { after: -1, limit: MONITORS_READ })).items;
    },
    firingAlerts: async (reach) => (await alerting.pages.within(reach).alerts('firing', { limit: ALERTS_READ })).items,
    pipeline() {
      const { spoolBytes, lagSeconds, rejected, dropped } = observe.ingest.stats();
      return parts.instances.pipeline({ spoolBytes, lagSeconds, rejected, dropped });
    },
    async ownProblems() {
      const refusal = live.refusal();
      const own = await observe.health.problems();
      return [...own, ...(refusal === null ? [] : [refusal]), ...parts.instances.problems()];
    },
    configErrors: () => live.errors(),
  });
}
