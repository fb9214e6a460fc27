import { defineCommand } from 'citty';
import { backupCopy } from './backup/copy.ts';
import { backupDrill } from './backup/drill.ts';
import { backupKey } from './backup/key.ts';
import { backupList } from './backup/list.ts';
import { backupNow } from './backup/now.ts';
import { backupPrune } from './backup/prune.ts';
import { backupRestore } from './backup/restore.ts';
import { backupSynthesize } from './backup/synthesize.ts';
import { backupVerify } from './backup/verify.ts';

export const backup = defineCommand({
  meta: { name: 'yumops backup', description: 'Make, check and restore backups' },
  subCommands: {
    now: backupNow,
    list: backupList,
    verify: backupVerify,
    restore: backupRestore,
    prune: backupPrune,
    drill: backupDrill,
    copy: backupCopy,
    synthesize: backupSynthesize,
    key: backupKey,
  },
});
