export { type ChangeFilter, readChanges, recordCatalogue } from './changes/change-store.ts';
export { type CheckedDatabase, checkDatabase, unreachable } from './check-database.ts';
export type { DatabaseConfig, DatabaseProfile } from './config.ts';
export { asFinding, type DatabaseFinding, type DatabaseSeverity, inOrderOfUrgency, type Remark } from './finding.ts';
export { type InstallPlan, installScript } from './install/install-script.ts';
export { scramVerifier } from './install/scram.ts';
export type {
  ActionPlan,
  ActionResult,
} from './maintenance/action.ts';
export type { MaintenanceConfig } from './maintenance/config.ts';
export { StoredLedger } from './maintenance/ledger-store.ts';
export type { MaintainedDatabase, WorkLimits } from './maintenance/maintained-database.ts';
export {
  type MaintenanceDeps,
  type MaintenanceReport,
  type MaintenanceRequest,
  planMaintenance,
  runMaintenance,
} from './maintenance/run-maintenance.ts';
export { MaintenanceRunner, type MaintenanceTarget } from './maintenance/runner.ts';
export { type MaintenanceSettings, settingsOf } from './maintenance/settings.ts';
export { MAINTENANCE_TASKS, type MaintenanceTask, readTask, TASK_MEANINGS, tasksOfDay } from './maintenance/task.ts';
export { DatabaseWatch, type LatestFindings } from './monitor/watch.ts';
export type { AdministeredDatabase, MonitoredDatabase, ProbeLimits } from './monitored-database.ts';
export { normaliseQuery } from './normalise.ts';
export type { StatementRow } from './probe.ts';
export { PRIVILEGE_PROBES } from './probes/index.ts';
export { describeSession, type LockRow, type LockTree, lockTrees } from './probes/locks.ts';
export { type DatabaseAccess, readAccess } from './read/access.ts';
export { readActivity } from './read/activity.ts';
export { readConnectionHistory, readConnections } from './read/connections.ts';
export { type Growth, readGrowth, readSizes, UNKNOWN_GROWTH } from './read/growth.ts';
export { readHistory, readLoads, readPastLoads, readRecent, type Span } from './read/history.ts';
export { readIndexes } from './read/indexes.ts';
export { type DatabaseLevels, readLevels } from './read/levels.ts';
export { readLocks } from './read/locks.ts';
export { readPlan } from './read/plan.ts';
export { readRecentActivity } from './read/recent-activity.ts';
export { readServerLoad } from './read/server-load.ts';
export { readStatements } from './read/statements.ts';
export { readTables } from './read/tables.ts';
export { readWaits } from './read/waits.ts';
export { type SessionId, type SessionSignal, signalSession } from './signal-session.ts';
export { sameStatement } from './statement-comment.ts';
export { formatBytes, formatCount, percent } from './units.ts';
