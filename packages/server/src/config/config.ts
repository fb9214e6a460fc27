import type { Finding } from '../lib/finding.ts';
import type { MonitorConfig } from '../observe/uptime/config.ts';
import type { AlertSettings, EscalationPolicy, Grouping, RuleConfig } from '../respond/alerting/config.ts';
import type { Integrations } from '../respond/notify/config.ts';

/** Where each store is: `embedded`, or a URL. Blobs may be `file:./folder`. */
export interface Stores {
  state: string;
  telemetry: string;
  blobs: string;
  counters: string;
}

/** Names of the retention classes of `retention:`. */
export type RetentionClass =
  | 'logs'
  | 'debug_logs'
  | 'requests'
  | 'spans'
  | 'metrics'
  | 'vitals'
  | 'checks'
  | 'rollups'
  | 'errors'
  | 'sessions'
  | 'security';

/** The whole configuration, typed and complete. Times are in milliseconds. */
export interface Config {
  /** The folder that relative paths count from. */
  root: string;
  /** The files it was read from. */
  files: readonly string[];
  service: string;
  /** Base of links in messages, without a slash at the end; null = the address the server listens on. */
  publicUrl: string | null;
  stores: Stores;
  retention: Readonly<Record<RetentionClass, number>>;
  /** Origins of monitors that are rewritten. */
  targets: Readonly<Record<string, string>>;
  integrations: Integrations;
  monitors: readonly MonitorConfig[];
  rules: readonly RuleConfig[];
  alertSettings: AlertSettings;
  /** By name. `alert_settings.escalation_policy` is here too, as `default`. */
  policies: ReadonlyMap<string, EscalationPolicy>;
  grouping: Grouping;
}

/** What a load gives: no configuration when a finding refuses a file, and always every finding. */
export interface LoadedConfig {
  config: Config | undefined;
  findings: readonly Finding[];
}
