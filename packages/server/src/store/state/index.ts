export { connectState, type StateOptions, type StateStore } from './connect.ts';
export { checkReadable, migrateState } from './migrate.ts';
export { PostgresSignals } from './signals.ts';
