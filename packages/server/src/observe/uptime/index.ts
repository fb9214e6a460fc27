export type { CertificateFacts, CheckResult, NamedCheck, PhaseTimes, Verdict } from './check.ts';
export { CHECKS_TABLE, HEALTH_TABLE } from './check-row.ts';
export type { HealthMonitorConfig, HttpMonitorConfig, MonitorConfig } from './config.ts';
export { rewriteTarget } from './config.ts';
export { type JudgePolicy, judge, type MonitorStatus, type Observation, type Transition, UNCHECKED } from './judge.ts';
export { listMonitorStates, type MonitorSnapshot } from './state-store.ts';
export { createUptime, type TransitionListener, type Uptime, type UptimeOptions, type UptimeStats } from './uptime.ts';
