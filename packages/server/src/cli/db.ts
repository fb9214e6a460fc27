import { defineCommand } from 'citty';
import { databaseCheck } from './database/check.ts';

export const db = defineCommand({
  meta: { name: 'yumops db', description: 'Look after the databases of the application' },
  subCommands: { check: databaseCheck },
});
