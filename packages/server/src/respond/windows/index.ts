export { plannedBy } from './planned.ts';
export { PlannedChecks } from './planned-checks.ts';
export { covers, openAt, type Window } from './window.ts';
export { createWindows, type Windows, type WindowsConfig } from './windows.ts';
