export { type CheckedDatabase, checkDatabase, unreachable } from './check-database.ts';
export type { DatabaseConfig } from './config.ts';
export { asFinding, type DatabaseFinding, type DatabaseSeverity, inOrderOfUrgency } from './finding.ts';
export type { AdministeredDatabase, MonitoredDatabase, ProbeLimits } from './monitored-database.ts';
