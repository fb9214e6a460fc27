import { z } from 'zod';
import { signInShape } from '../access/config.ts';
import { backupShape, type RawBackup, selfBackupShape } from '../care/backup/config.ts';
import { databaseShape, type RawDatabase } from '../care/database/config.ts';
import { maintenanceShape, type RawMaintenance } from '../care/database/maintenance/config.ts';
import { type RawReports, reportsShape } from '../care/reports/config.ts';
import { type RawScaling, scalingShape } from '../care/scaling/config.ts';
import { scanShape } from '../care/scan/config.ts';
import { securityShape } from '../care/security/config.ts';
import type { Placed } from '../lib/finding.ts';
import { errorsShape } from '../observe/errors/config.ts';
import { ingestShape } from '../observe/ingest/config.ts';
import { monitorShape, type RawMonitor, uptimeShape } from '../observe/uptime/config.ts';
import {
  alertSettingsShape,
  groupingShape,
  policiesShape,
  type RawAlertSettings,
  type RawGrouping,
  type RawPolicy,
  type RawRule,
  ruleShape,
} from '../respond/alerting/config.ts';
import { restoreShape } from '../respond/alerting/evaluate/restore.ts';
import { inhibitRuleShape, type RawInhibitRule } from '../respond/alerting/inhibit/config.ts';
import { pushRouteShape, type RawPushRoute } from '../respond/alerting/push/config.ts';
import { incidentsShape, type RawIncidents } from '../respond/incidents/config.ts';
import { integrationsShape, type RawIntegrations } from '../respond/notify/config.ts';
import { personShape, type RawPerson, type RawSchedule, scheduleShape } from '../respond/oncall/config.ts';
import { type RawSlo, sloShape } from '../respond/slo/config.ts';
import { type RawStatusPage, statusPageShape } from '../respond/statuspage/config.ts';
import { type RawWatchdog, watchdogShape } from '../respond/watchdog/config.ts';
import { type RawWindow, windowShape } from '../respond/windows/config.ts';
import { retentionShape, storesShape, targetsShape } from './platform.ts';

/** Sections that hold one value. */
export const SCALARS = {
  service: z.string().min(1).describe('Name of the service; the default of records that carry none'),
  public_url: z.string().describe('Base of links in messages'),
  geoip: z
    .string()
    .regex(/^file:./, 'expected file:PATH')
    .describe('A MaxMind DB file with cities, file:PATH; it tells impossible travel where addresses are'),
  include: z.array(z.string()).describe('Further files, e.g. monitoring/*.yml'),
};

/** `security:` with the part of each domain in it. */
const securitySection = securityShape.extend({
  scan: scanShape.optional().describe('When and how it is looked for what is wrong'),
});

/** Sections that are maps; several files may each give some of the keys. */
export const MAPS = {
  stores: storesShape.describe('Where data is kept; the environment wins'),
  integrations: integrationsShape.describe('How messages leave'),
  retention: retentionShape.describe('How long each class of data is kept'),
  targets: targetsShape.describe('Origins of monitors and where their checks really go'),
  ingest: ingestShape.describe('How telemetry of other services comes in'),
  sign_in: signInShape.describe('How people sign in to the console'),
  uptime: uptimeShape.describe('How monitors are checked'),
  errors: errorsShape.describe('Which errors are one, and whose they are'),
  alert_settings: alertSettingsShape.describe('Receivers of monitors and of the platform itself'),
  escalation_policies: policiesShape.describe('Who is told when, by name'),
  grouping: groupingShape.describe('How alerts are gathered into messages'),
  restore: restoreShape.describe('What becomes of pending alerts over an outage'),
  self_backup: selfBackupShape.describe('What the backup of YumOps itself holds'),
  maintenance: maintenanceShape.describe('Upkeep of a database'),
  watchdog: watchdogShape.describe('What watches the platform from outside'),
  incidents: incidentsShape.describe('Which alerts become incidents, and who is told of them'),
  status_page: statusPageShape.describe('What the public is told, and of what'),
  reports: reportsShape.describe('Which reports are made when, and who gets them'),
  scaling: scalingShape.describe('How the application is to grow: limits, prices, vercel.json'),
  security: securitySection.describe('How attacks on the application are found and answered'),
};

/** Sections that are lists; the lists of several files are joined. */
export const LISTS = {
  monitors: monitorShape,
  alert_rules: ruleShape,
  inhibit_rules: inhibitRuleShape,
  pushed_alerts: pushRouteShape,
  people: personShape,
  schedules: scheduleShape,
  databases: databaseShape,
  backups: backupShape,
  slos: sloShape,
  maintenance_windows: windowShape,
  mute_times: windowShape,
};

/** Sections that are part of the format and that this version does not use. */
export const LATER = ['receivers'] as const;

export const SECTION_NAMES: readonly string[] = [
  ...Object.keys(SCALARS),
  ...Object.keys(MAPS),
  ...Object.keys(LISTS),
  ...LATER,
];

/** The sections of all files, joined. Values have the shape of their schemas. */
export interface Sections {
  service: Placed<string> | undefined;
  public_url: Placed<string> | undefined;
  geoip: Placed<string> | undefined;
  stores: Placed<z.infer<typeof storesShape>>;
  integrations: Placed<RawIntegrations>;
  retention: Placed<z.infer<typeof retentionShape>>;
  targets: Placed<Record<string, string>>;
  ingest: Placed<z.infer<typeof ingestShape>>;
  sign_in: Placed<z.infer<typeof signInShape>>;
  uptime: Placed<z.infer<typeof uptimeShape>>;
  errors: Placed<z.infer<typeof errorsShape>>;
  alert_settings: Placed<RawAlertSettings>;
  escalation_policies: Placed<Record<string, RawPolicy>>;
  grouping: Placed<RawGrouping>;
  restore: Placed<z.infer<typeof restoreShape>>;
  self_backup: Placed<z.infer<typeof selfBackupShape>>;
  maintenance: Placed<RawMaintenance>;
  watchdog: Placed<RawWatchdog>;
  incidents: Placed<RawIncidents>;
  status_page: Placed<RawStatusPage>;
  reports: Placed<RawReports>;
  scaling: Placed<RawScaling>;
  security: Placed<z.infer<typeof securitySection>>;
  monitors: Placed<RawMonitor>[];
  alert_rules: Placed<RawRule>[];
  inhibit_rules: Placed<RawInhibitRule>[];
  pushed_alerts: Placed<RawPushRoute>[];
  people: Placed<RawPerson>[];
  schedules: Placed<RawSchedule>[];
  databases: Placed<RawDatabase>[];
  backups: Placed<RawBackup>[];
  slos: Placed<RawSlo>[];
  maintenance_windows: Placed<RawWindow>[];
  mute_times: Placed<RawWindow>[];
}

/** Whether a section is part of the format and not used by this version. */
export function isLater(name: string): boolean {
  return LATER.some((later) => later === name);
}
