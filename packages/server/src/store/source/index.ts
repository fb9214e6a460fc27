export { LocalPostgresClient } from './client.ts';
export { PostgresDatabase } from './connect.ts';
export { openFiles } from './files.ts';
