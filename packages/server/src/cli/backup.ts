import { defineCommand } from 'citty';
import { backupKey } from './backup/key.ts';

export const backup = defineCommand({
  meta: { name: 'yumops backup', description: 'Make, check and restore backups' },
  subCommands: { key: backupKey },
});
