import { compileSignIn } from '../access/config.ts';
import { compileBackup, withRetainedFiles } from '../care/backup/config.ts';
import { compileDatabase } from '../care/database/config.ts';
import { compileMaintenance } from '../care/database/maintenance/config.ts';
import { compileReports, recipientsOf } from '../care/reports/config.ts';
import { compileScaling } from '../care/scaling/config.ts';
import { compileScan } from '../care/scan/config.ts';
import { compileSecurity } from '../care/security/config.ts';
import { type Placed, type Report, within } from '../lib/finding.ts';
import { listOf } from '../lib/section.ts';
import { compileErrors } from '../observe/errors/config.ts';
import { compileIngest } from '../observe/ingest/config.ts';
import type { MonitorConfig } from '../observe/uptime/config.ts';
import { lintParents } from '../observe/uptime/config-monitor.ts';
import type { AlertSettings, EscalationPolicy, RuleConfig, Target } from '../respond/alerting/config.ts';
import {
  lintOverlaps,
  lintPolicies,
  lintStepTargets,
  type PlacedPolicy,
  type PolicyUser,
} from '../respond/alerting/config-lint.ts';
import { compileGrouping, compilePolicy, mentionsOf } from '../respond/alerting/config-policy.ts';
import { Receivers, slackChannelsOf } from '../respond/alerting/config-receivers.ts';
import { compileRule } from '../respond/alerting/config-rule.ts';
import { compileRestore } from '../respond/alerting/evaluate/restore.ts';
import { compileInhibitRule } from '../respond/alerting/inhibit/config.ts';
import type { MetricSource } from '../respond/alerting/metrics.ts';
import { compilePushRoute, type PushRoute } from '../respond/alerting/push/config.ts';
import { compileIncidents } from '../respond/incidents/config.ts';
import { compileIntegrations, type Integrations } from '../respond/notify/config.ts';
import { compileSlackWebhook } from '../respond/notify/slack/config.ts';
import { compileOnCall, lintOnCall, reachesOnCall } from '../respond/oncall/config-compose.ts';
import { burnRules } from '../respond/slo/burn-rules.ts';
import { compileSlo } from '../respond/slo/config.ts';
import type { Slo } from '../respond/slo/slo.ts';
import { compileStatusPage } from '../respond/statuspage/config.ts';
import { compileWatchdog } from '../respond/watchdog/config.ts';
import { compileWindow } from '../respond/windows/config.ts';
import type { Window } from '../respond/windows/window.ts';
import { compileMonitors, monitorCompiler, secretsAt } from './compose-monitors.ts';
import type { Config, RetentionClass } from './config.ts';
import { lintMailDomain } from './lint-domains.ts';
import { compilePublicUrl, compileRetention, compileStores, compileTargets } from './platform.ts';
import type { ReadSecretFile } from './secrets.ts';
import type { Sections } from './sections.ts';

/** Name of the policy of `alert_settings`. */
const DEFAULT_POLICY = 'default';

const RETENTION_OF: Record<MetricSource, RetentionClass> = {
  requests: 'requests',
  application_logs: 'logs',
  outbound_calls: 'requests',
  metrics: 'metrics',
  checks: 'checks',
  health_checks: 'checks',
  error_events: 'errors',
  web_vitals: 'vitals',
};

/** What the sections become; the files and their folder are added by the loader. */
export type ComposedConfig = Omit<Config, 'root' | 'files'>;

function compileSenders(sections: Sections, readFile: ReadSecretFile): Integrations {
  const { integrations, alert_settings: settings } = sections;
  const compiled = compileIntegrations(integrations.value, {
    report: integrations.report,
    secret: secretsAt(readFile, integrations.report),
  });
  const webhook = settings.value.slack_webhook;
  if (compiled.slack || webhook === undefined) return compiled;
  const section = { report: settings.report, secret: secretsAt(readFile, settings.report) };
  return { ...compiled, slack: compileSlackWebhook(webhook, null, ['slack_webhook'], section) };
}

/** How telemetry and people come in. */
function compileWaysIn({ ingest, sign_in: signIn }: Sections, readFile: ReadSecretFile) {
  const secretAt = (report: Report) => secretsAt(readFile, report);
  return {
    ingest: compileIngest(ingest.value, ingest.report, secretAt),
    signIn: compileSignIn(signIn.value, signIn.report, secretAt),
  };
}

function compilePolicies(sections: Sections): PlacedPolicy[] {
  const { escalation_policies: named, alert_settings: settings } = sections;
  const policies = Object.entries(named.value).map(([name, raw]) => {
    const report = within(named.report, name);
    return { policy: compilePolicy(name, raw, report), report, mentions: mentionsOf(raw), named: true };
  });
  const raw = settings.value.escalation_policy;
  if (raw === undefined) return policies;
  if (Object.hasOwn(named.value, DEFAULT_POLICY)) {
    const message = `"${DEFAULT_POLICY}" is the name of alert_settings.escalation_policy`;
    named.report({ code: 'E106', path: [DEFAULT_POLICY], atKey: true, message, suggestion: 'give it another name' });
  }
  const report = within(settings.report, 'escalation_policy');
  const policy = compilePolicy(DEFAULT_POLICY, raw, report);
  return [...policies, { policy, report, mentions: mentionsOf(raw), named: false }];
}

function compileSettings(sections: Sections, receivers: Receivers, policies: readonly PlacedPolicy[]): AlertSettings {
  const { value, report } = sections.alert_settings;
  const direct = (key: 'email_notifications' | 'sms_notifications', channel: 'email' | 'sms') =>
    receivers.direct(channel, listOf(value[key]), typeof value[key] === 'string', within(report, key));
  return {
    email: direct('email_notifications', 'email'),
    sms: direct('sms_notifications', 'sms'),
    escalationPolicy: policies.find(({ named }) => !named)?.policy ?? null,
  };
}

function compileRules(sections: Sections, receivers: Receivers, retention: Config['retention']): Placed<RuleConfig>[] {
  const retentionMs = (source: MetricSource) => retention[RETENTION_OF[source]];
  return sections.alert_rules.flatMap(({ value: raw, report }) => {
    const value = compileRule(raw, { receivers, retentionMs }, report);
    return value ? [{ value, report }] : [];
  });
}

/** The objectives, each with the alert rules on its budget. */
function compileSlos(
  sections: Sections,
  monitors: readonly Placed<MonitorConfig>[],
  receivers: Receivers,
  settings: AlertSettings,
): (Placed<Slo> & { rules: Placed<RuleConfig>[] })[] {
  const names = monitors.map(({ value }) => value.name);
  return sections.slos.flatMap(({ value: raw, report }) => {
    const slo = compileSlo(raw, names, report);
    if (!slo) return [];
    const rules = burnRules(slo, raw, { receivers, settings }, report);
    return [{ value: slo, report, rules: rules.map((value) => ({ value, report })) }];
  });
}

function compileWindows(
  sections: Sections,
  monitors: readonly Placed<MonitorConfig>[],
  slos: readonly Placed<Slo>[],
): Placed<Window>[] {
  const names = {
    monitors: monitors.map(({ value }) => value.name),
    slos: slos.map(({ value }) => value.name),
  };
  const of = (key: 'maintenance_windows' | 'mute_times', kind: Window['kind']) =>
    sections[key].flatMap(({ value: raw, report }) => {
      const value = compileWindow(raw, kind, names, report);
      return value ? [{ value, report }] : [];
    });
  return [...of('maintenance_windows', 'maintenance'), ...of('mute_times', 'mute')];
}

/** E106: two things of one list with one name, or with names that give one id. */
function lintNames(items: readonly Placed<{ id?: string; name: string }>[], nouns: string): void {
  const seen = new Map<string, string>();
  for (const { value, report } of items) {
    const id = value.id ?? value.name;
    const earlier = seen.get(id);
    if (earlier === undefined) seen.set(id, value.name);
    else {
      const message =
        earlier === value.name
          ? `there are two ${nouns} named "${value.name}"`
          : `the ${nouns} "${earlier}" and "${value.name}" differ in punctuation only`;
      report({ code: 'E106', path: ['name'], message, suggestion: 'give each a name of its own' });
    }
  }
}

function policyUsers(
  rules: readonly Placed<RuleConfig>[],
  monitors: readonly Placed<MonitorConfig>[],
  pushRoutes: readonly PushRoute[],
): PolicyUser[] {
  return [
    ...rules.flatMap(({ value: { name, escalation, notifications } }) =>
      escalation === null ? [] : [{ name, policy: escalation, direct: notifications }],
    ),
    ...monitors.map(({ value: { name, escalation, notifications } }) => ({
      name,
      policy: escalation ?? DEFAULT_POLICY,
      direct: notifications as readonly Target[],
    })),
    ...pushRoutes.flatMap(({ escalation, receivers }) =>
      escalation === null ? [] : [{ name: 'pushed alerts', policy: escalation, direct: receivers }],
    ),
  ];
}

function compileCare(sections: Sections, readFile: ReadSecretFile) {
  const databases = sections.databases.map(({ value: raw, report }) => ({
    value: compileDatabase(raw, secretsAt(readFile, report), report),
    report,
  }));
  const names = databases.map(({ value }) => value.name);
  const backups = sections.backups.map(({ value: raw, report }) => ({
    value: compileBackup(raw, { secret: secretsAt(readFile, report), databases: names }, report),
    report,
  }));
  lintNames(databases, 'databases');
  lintNames(backups, 'backups');
  const { maintenance } = sections;
  const kept = compileMaintenance(maintenance, names, secretsAt(readFile, maintenance.report));
  return {
    databases: databases.map(({ value }) => value),
    backups: backups.map(({ value }) => withRetainedFiles(value, kept)),
    selfBackup: { telemetry: sections.self_backup.value.telemetry ?? false },
    maintenance: kept,
    scaling: compileScaling(sections.scaling.value),
    geoip: sections.geoip?.value.slice('file:'.length) ?? null,
    security: compileSecurity(sections.security.value, sections.security.report),
    scan: compileScan(sections.security.value.scan ?? {}, within(sections.security.report, 'scan')),
  };
}

/** Objectives with the alerts on their budgets, and planned work. */
function compilePlans(
  sections: Sections,
  parts: {
    rules: readonly Placed<RuleConfig>[];
    monitors: readonly Placed<MonitorConfig>[];
    receivers: Receivers;
    alertSettings: AlertSettings;
  },
) {
  const { rules, monitors, receivers, alertSettings } = parts;
  const slos = compileSlos(sections, monitors, receivers, alertSettings);
  const windows = compileWindows(sections, monitors, slos);
  lintNames(slos, 'SLOs');
  lintNames(windows, 'windows');
  return { slos, windows, everyRule: [...rules, ...slos.flatMap((slo) => slo.rules)] };
}

function compileWatchdogOf(sections: Sections, receivers: Receivers, readFile: ReadSecretFile) {
  const { value, report } = sections.watchdog;
  const named = (items: readonly unknown[], at: Report) => receivers.notifications(items, at, '').targets;
  return compileWatchdog(value, { secret: secretsAt(readFile, report), receivers: named }, report);
}

function compileStatusPageOf(sections: Sections, monitors: readonly Placed<MonitorConfig>[]) {
  const { value, report } = sections.status_page;
  const names = monitors.map((monitor) => monitor.value.name);
  return compileStatusPage(value, { service: sections.service?.value ?? 'app', monitors: names }, report);
}

/** What tells people of itself beside alerts. */
function compileTellings({ incidents, reports }: Sections, receivers: Receivers) {
  return {
    incidents: compileIncidents(incidents.value, receivers, incidents.report),
    reports: compileReports(reports.value, receivers, reports.report),
  };
}

function receiversOf(sections: Sections, integrations: Integrations, policies: readonly PlacedPolicy[]): Receivers {
  const telling = [...sections.alert_rules, ...sections.monitors, ...sections.pushed_alerts];
  return new Receivers({
    integrations,
    policies: policies.map(({ policy }) => policy.name),
    slackChannels: slackChannelsOf([
      ...telling.map(({ value }) => value.notifications),
      sections.incidents.value.notify,
      ...recipientsOf(sections.reports.value),
    ]),
  });
}

/** Compiles the sections of all files into one configuration and reports every finding on the way. */
export function compose(sections: Sections, readFile: ReadSecretFile): ComposedConfig {
  const retention = compileRetention(sections.retention.value, sections.retention.report);
  const targets = compileTargets(sections.targets.value, sections.targets.report);
  const integrations = compileSenders(sections, readFile);
  const policies = compilePolicies(sections);
  const receivers = receiversOf(sections, integrations, policies);
  const alertSettings = compileSettings(sections, receivers, policies);
  const rules = compileRules(sections, receivers, retention);
  const monitors = compileMonitors(sections, targets, receivers, readFile);
  const pushRoutes = sections.pushed_alerts.map(({ value, report }) => compilePushRoute(value, receivers, report));
  const { slos, windows, everyRule } = compilePlans(sections, { rules, monitors, receivers, alertSettings });
  const onCall = compileOnCall(sections);
  const care = compileCare(sections, readFile);
  const users = policyUsers(everyRule, monitors, pushRoutes);
  lintNames(everyRule, 'rules');
  lintNames(monitors, 'monitors');
  lintNames(onCall.people, 'people');
  lintNames(onCall.schedules, 'schedules');
  lintParents(monitors);
  lintOverlaps(rules);
  lintPolicies(policies, users);
  lintStepTargets(policies, users, {
    alertSettings,
    integrations,
    reachesOnCall: (policy, word) => reachesOnCall(onCall, policy, word),
  });
  lintOnCall(
    onCall,
    policies.map(({ policy, report, mentions }) => ({ value: policy, report, mentions })),
  );
  const publicUrl = sections.public_url
    ? compilePublicUrl(sections.public_url.value, sections.public_url.report)
    : null;
  lintMailDomain(sections, publicUrl);
  return {
    service: sections.service?.value ?? 'app',
    publicUrl,
    stores: compileStores(sections.stores.value, sections.stores.report),
    retention,
    targets,
    ...compileWaysIn(sections, readFile),
    errors: compileErrors(sections.errors.value),
    location: sections.uptime.value.location ?? 'local',
    referenceTargets: sections.uptime.value.reference_targets ?? [],
    integrations,
    monitors: monitors.map(({ value }) => value),
    compileMonitor: monitorCompiler(targets, receivers),
    rules: everyRule.map(({ value }) => value),
    slos: slos.map(({ value }) => value),
    windows: windows.map(({ value }) => value),
    alertSettings,
    policies: new Map<string, EscalationPolicy>(policies.map(({ policy }) => [policy.name, policy])),
    grouping: compileGrouping(sections.grouping.value, sections.grouping.report),
    restore: compileRestore(sections.restore.value, sections.restore.report),
    inhibitRules: sections.inhibit_rules.map(({ value, report }) => compileInhibitRule(value, report)),
    watchdog: compileWatchdogOf(sections, receivers, readFile),
    ...compileTellings(sections, receivers),
    statusPage: compileStatusPageOf(sections, monitors),
    pushRoutes,
    people: onCall.people.map(({ value }) => value),
    schedules: onCall.schedules.map(({ value }) => value),
    ...care,
  };
}
