export { type EmbeddedChdbOptions, startEmbeddedChdb } from './chdb/start.ts';
export { freePort } from './free-port.ts';
export type { PostgresMajor } from './postgres/binaries.ts';
export { type EmbeddedPostgresOptions, startEmbeddedPostgres } from './postgres/start.ts';
export type { EngineExit, EngineHandle } from './supervisor.ts';
