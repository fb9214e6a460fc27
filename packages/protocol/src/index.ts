export type * from './alerts-api.ts';
export * from './limits.ts';
export * from './log-record.ts';
export type * from './logs-api.ts';
export type * from './oncall-api.ts';
export type * from './overview-api.ts';
export type * from './problem.ts';
export type * from './silences-api.ts';
export type * from './uptime-api.ts';
