import type { SecuritySeverity } from '../logging/logger.ts';
import type { OwaspEvent } from './event-names.ts';
import { SecurityMonitor } from './monitor.ts';

/** The security monitor of this process by short names; `SecurityMonitor` has the same with all settings. */
export const security = {
  /** Tells of an event by its name in OWASP's vocabulary; severity `low` unless given. */
  event(
    name: OwaspEvent,
    { severity = 'low', ...facts }: { severity?: SecuritySeverity; [fact: string]: unknown } = {},
  ): void {
    SecurityMonitor.event(name, severity, facts);
  },
  trackLogin: SecurityMonitor.trackLogin,
  trackFailedAuthentication: SecurityMonitor.trackFailedAuthentication,
  trackUnauthorizedAccess: SecurityMonitor.trackUnauthorizedAccess,
  trackInputValidationFailure: SecurityMonitor.trackInputValidationFailure,
  trackSuspiciousActivity: SecurityMonitor.trackSuspiciousActivity,
  guardLogin: SecurityMonitor.guardLogin,
  isBlocked: SecurityMonitor.isBlocked,
  onDetection: SecurityMonitor.onDetection,
  unblock: SecurityMonitor.unblock,
};
