export { createProbeAgent, type ProbeAgentStats, type ProbeWorker } from './agent/agent.ts';
export { openAgentBuffer } from './agent/buffer-folder.ts';
export { createProbeDesk, type ProbeDesk } from './agent/desk.ts';
export type { SyncAnswer, SyncRequest } from './agent/wire.ts';
export { type Availability, createAvailability, readDays } from './availability.ts';
export type { CertificateFacts, CheckResult, NamedCheck, PhaseTimes, Verdict } from './check.ts';
export type { CheckIn } from './check-in-monitors.ts';
export type { HealthMonitorConfig, HttpMonitorConfig, MonitorConfig } from './config.ts';
export { createEvidenceFiles, type EvidenceFiles, type EvidenceKeeper } from './evidence/evidence-files.ts';
export { badgeSvg, certificateBadge, responseBadge, stateBadge, uptimeBadge } from './history/badge.ts';
export { readHistory } from './history/durations.ts';
export { readMonthlySla, readSla, readSlaBetween } from './history/sla.ts';
export { transitionsBetween } from './history/transitions.ts';
export { judge, type MonitorStatus, type Observation, type Transition, UNCHECKED } from './judge.ts';
export { afterSignal, type Beats, judgeBeats, NO_BEATS, type Signal } from './kinds/heartbeat/beats.ts';
export { listChecks } from './list-checks.ts';
export { findBadge, findMonitorId, getMonitor, listMonitors, type MonitorPage } from './list-monitors.ts';
export { classifyAddress, isAllowed } from './net/address.ts';
export type {
  JourneyOutcome,
  JourneyRequest,
  JourneyRunner,
  PostgresLogin,
  PostgresProbe,
  PostgresSession,
} from './ports.ts';
export { rewriteTarget } from './rewrite.ts';
export { listMonitorStates } from './state-store.ts';
export { createStoredMonitors, type StoredMonitors } from './stored/stored-monitors.ts';
export type { SurveyedSite } from './survey/sites.ts';
export type { SiteAnswer, SiteSurvey } from './survey/survey.ts';
export { type BeatOutcome, type BeatSignal, createUptime, type Uptime, type UptimeOptions } from './uptime.ts';
