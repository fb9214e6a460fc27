export { type Clock, systemClock } from '../lib/clock.ts';
export { createLog, type Log } from '../lib/log.ts';
export { type EmbeddedChdbOptions, startEmbeddedChdb } from './chdb/start.ts';
export { freePort } from './free-port.ts';
export { lockHome } from './home-lock.ts';
export type { PostgresMajor } from './postgres/binaries.ts';
export { embeddedRecovery } from './postgres/recovery.ts';
export { type EmbeddedPostgresOptions, startEmbeddedPostgres } from './postgres/start.ts';
export type { EngineExit, EngineHandle } from './supervisor.ts';
