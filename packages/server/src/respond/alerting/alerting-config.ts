import type { Integrations } from '../notify/index.ts';
import type { WatchdogConfig } from '../watchdog/index.ts';
import type { AlertSettings, EscalationPolicy, Grouping, RuleConfig } from './config.ts';
import type { Restore } from './evaluate/restore.ts';
import type { InhibitRule } from './inhibit/inhibition.ts';
import type { PushRoute } from './push/config.ts';

/** The parts of the configuration that the alert path works from. */
export interface AlertingConfig {
  rules: readonly RuleConfig[];
  alertSettings: AlertSettings;
  /** By name. */
  policies: ReadonlyMap<string, EscalationPolicy>;
  grouping: Grouping;
  inhibitRules: readonly InhibitRule[];
  /** Where pushed alerts go; the first that matches. */
  pushRoutes?: readonly PushRoute[];
  /** What becomes of pending alerts over an outage; left out = its time counts. */
  restore?: Restore | null;
  integrations: Integrations;
  /** Heartbeats that prove that the alert path works; null or left out = none. */
  watchdog?: WatchdogConfig | null;
}
