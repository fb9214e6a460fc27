import { defineCommand } from 'citty';
import { databaseCheck } from './database/check.ts';
import { databaseConnections } from './database/connections.ts';
import { databaseIndexes } from './database/indexes.ts';
import { databaseInstall } from './database/install.ts';
import { databaseLocks } from './database/locks.ts';
import { databaseQueries } from './database/queries.ts';
import { databaseServer } from './database/server.ts';
import { databaseTables } from './database/tables.ts';

export const db = defineCommand({
  meta: { name: 'yumops db', description: 'Look after the databases of the application' },
  subCommands: {
    check: databaseCheck,
    queries: databaseQueries,
    locks: databaseLocks,
    connections: databaseConnections,
    server: databaseServer,
    indexes: databaseIndexes,
    tables: databaseTables,
    install: databaseInstall,
  },
});
