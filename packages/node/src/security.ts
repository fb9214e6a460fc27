export type { OwaspEvent } from './security/event-names.ts';
export { SecurityMonitor } from './security/monitor.ts';
export type { Detection, LoginAttempt, LoginRequest, LoginVerdict, SecurityOptions } from './security/options.ts';
export type { Restriction } from './security/restriction.ts';
export { security } from './security/security.ts';
