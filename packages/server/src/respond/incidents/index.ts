export { type IncidentsConfig, incidentsShape } from './config.ts';
export type { Declaration } from './declare.ts';
export { telemetryEvidence } from './evidence-sources.ts';
export { createIncidents, type Incidents, type IncidentsOptions } from './incidents.ts';
export type { IncidentOutline } from './outline.ts';
export type { FactQuery, FactSource } from './ports.ts';
export { type Fact, findIncident, recordFacts } from './store.ts';
