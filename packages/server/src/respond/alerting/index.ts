export { type Alerting, type AlertingOptions, createAlerting } from './alerting.ts';
export type { AlertingConfig } from './alerting-config.ts';
export type { Audit, MonitorStates, MonitorStatus, Watermark } from './ports.ts';
export { AlertPages } from './read/pages.ts';
export { alertsOfMessage, alertsToldTo, type ToldAlert } from './read/told-alerts.ts';
