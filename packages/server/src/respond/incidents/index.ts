export { type IncidentsConfig, incidentsShape } from './config.ts';
export type { Declaration } from './declare.ts';
export { telemetryEvidence } from './evidence-sources.ts';
export { createIncidents, type Incidents } from './incidents.ts';
export type { IncidentOutline } from './outline.ts';
export type { FactSource } from './ports.ts';
export { type Fact, findIncident, recordFacts } from './store.ts';
