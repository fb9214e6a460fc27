import type { SignInConfig } from '../access/config.ts';
import type { BackupConfig, SelfBackupConfig } from '../care/backup/config.ts';
import type { DatabaseConfig } from '../care/database/config.ts';
import type { MaintenanceConfig } from '../care/database/maintenance/config.ts';
import type { ReportsConfig } from '../care/reports/config.ts';
import type { ScalingConfig } from '../care/scaling/config.ts';
import type { ScanConfig } from '../care/scan/config.ts';
import type { SecurityConfig } from '../care/security/config.ts';
import type { Finding } from '../lib/finding.ts';
import type { ErrorsConfig } from '../observe/errors/config.ts';
import type { IngestConfig } from '../observe/ingest/config.ts';
import type { MonitorConfig } from '../observe/uptime/config.ts';
import type { CompileMonitor } from '../observe/uptime/stored/stored-monitors.ts';
import type { AlertSettings, EscalationPolicy, Grouping, RuleConfig } from '../respond/alerting/config.ts';
import type { Restore } from '../respond/alerting/evaluate/restore.ts';
import type { InhibitRule } from '../respond/alerting/inhibit/inhibition.ts';
import type { PushRoute } from '../respond/alerting/push/config.ts';
import type { IncidentsConfig } from '../respond/incidents/config.ts';
import type { Integrations } from '../respond/notify/config.ts';
import type { Person, Schedule } from '../respond/oncall/schedule.ts';
import type { Slo } from '../respond/slo/slo.ts';
import type { StatusPageConfig } from '../respond/statuspage/config.ts';
import type { WatchdogConfig } from '../respond/watchdog/config.ts';
import type { Window } from '../respond/windows/window.ts';

/** Where each store is: `embedded`, or a URL. Blobs may be `file:./folder`. */
export interface Stores {
  state: string;
  telemetry: string;
  blobs: string;
  counters: string;
}

/** How many days each class of data is kept when `retention:` does not say otherwise. */
export const RETENTION_DAYS = {
  logs: 30,
  debug_logs: 3,
  requests: 30,
  spans: 7,
  metrics: 30,
  vitals: 90,
  checks: 30,
  rollups: 400,
  errors: 90,
  sessions: 90,
  security: 400,
} as const;

export type RetentionClass = keyof typeof RETENTION_DAYS;

/** The whole configuration, typed and complete. Times are in milliseconds. */
export interface Config {
  /** The folder that relative paths count from. */
  root: string;
  /** The files it was read from, as full paths. */
  files: readonly string[];
  service: string;
  /** Base of links in messages, without a slash at the end; null = the address the server listens on. */
  publicUrl: string | null;
  stores: Stores;
  retention: Readonly<Record<RetentionClass, number>>;
  /** Origins of monitors that are rewritten. */
  targets: Readonly<Record<string, string>>;
  /** Name of the place that the platform itself checks from. */
  location: string;
  /** `host:port` of machines that answer whenever our own network works. */
  referenceTargets: readonly string[];
  integrations: Integrations;
  ingest: IngestConfig;
  signIn: SignInConfig;
  monitors: readonly MonitorConfig[];
  /** Compiles a monitor that stands in no file. */
  compileMonitor: CompileMonitor;
  /** With the burn alerts of `slos`. */
  rules: readonly RuleConfig[];
  slos: readonly Slo[];
  /** Planned work and mute times. */
  windows: readonly Window[];
  alertSettings: AlertSettings;
  /** By name. `alert_settings.escalation_policy` is here too, as `default`. */
  policies: ReadonlyMap<string, EscalationPolicy>;
  grouping: Grouping;
  /** What becomes of pending alerts over an outage; null = its time counts. */
  restore: Restore | null;
  inhibitRules: readonly InhibitRule[];
  watchdog: WatchdogConfig | null;
  incidents: IncidentsConfig;
  reports: ReportsConfig;
  statusPage: StatusPageConfig;
  /** Where alerts go that others push; the first that matches. */
  pushRoutes: readonly PushRoute[];
  people: readonly Person[];
  schedules: readonly Schedule[];
  databases: readonly DatabaseConfig[];
  backups: readonly BackupConfig[];
  selfBackup: SelfBackupConfig;
  errors: ErrorsConfig;
  maintenance: MaintenanceConfig;
  scaling: ScalingConfig;
  security: SecurityConfig;
  /** Path of a MaxMind DB file with cities, relative to `root`. */
  geoip: string | null;
  scan: ScanConfig;
}

/** What a load gives: no configuration when a finding refuses a file, and always every finding. */
export interface LoadedConfig {
  config: Config | undefined;
  /** In order of file, line and column. */
  findings: readonly Finding[];
  /** The configuration files that were read, also when one was refused. */
  files: readonly string[];
  /** `files` and the files of secrets: a change of one of them is a change of the configuration. */
  inputs: readonly string[];
  /** Patterns that say which files belong to it, from `root`. */
  patterns: readonly string[];
  root: string;
}
