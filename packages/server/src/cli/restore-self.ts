import { resolve } from 'node:path';
import { defineCommand } from 'citty';
import { formatBytes } from '../care/database/index.ts';
import { readSettings } from '../config/settings.ts';
import { systemClock } from '../lib/clock.ts';
import { createLog } from '../lib/log.ts';
import { readKitFile } from '../main/backup/kit.ts';
import { restoreSelf } from '../main/backup/restore-self.ts';
import { untilInterrupted } from './backup/open.ts';
import { commonArgs, printJson } from './command.ts';

export const restoreSelfCommand = defineCommand({
  meta: {
    name: 'yumops restore-self',
    description: 'Bring YumOps back on an empty machine, from its own backup and the recovery kit',
  },
  args: {
    ...commonArgs,
    from: { type: 'string', required: true, description: 'URL of the store with the backups', valueHint: 'URL' },
    kit: { type: 'string', required: true, description: 'The recovery kit, or the backup key', valueHint: 'FILE' },
    config: { type: 'string', description: 'Folder for the configuration (YUMOPS_CONFIG)', valueHint: 'DIR' },
    data: { type: 'string', description: 'Data folder, must be empty (YUMOPS_DATA)', valueHint: 'DIR' },
    at: { type: 'string', description: 'An earlier moment, default the latest', valueHint: 'TIME|LSN|NAME' },
    yes: { type: 'boolean', description: 'Accepted for scripts; nothing is ever overwritten' },
  },
  async run({ args }) {
    const settings = readSettings(args);
    const log = createLog(systemClock, (line) => process.stderr.write(line), settings.logLevel);
    const folder = resolve(settings.config ?? '.');
    const kit = await readKitFile(args.kit);
    const input = { settings, from: args.from, kit, folder, at: args.at, withBlobs: true };
    return untilInterrupted(args.json === true, async (hooks) => {
      const result = await restoreSelf(input, { clock: systemClock, log }, hooks);
      const { secretKey: _, ...shown } = result;
      if (args.json) printJson(shown);
      else hooks.print(asText(result));
      return 0;
    });
  },
});

function asText(result: Awaited<ReturnType<typeof restoreSelf>>): string {
  const { files, rows, variables, blobsCopied, telemetry } = result;
  const total = Object.values(rows).reduce((sum, count) => sum + count, 0);
  const lines = [
    `YumOps is back as of ${result.moment}, from ${result.backup}.`,
    `State          ${total} rows in ${Object.keys(rows).length} tables, in ${result.data}`,
    `Configuration  ${files.written.length} files written, ${files.kept.length} that stood there left`,
    blobsCopied === null ? 'Blobs          in place' : `Blobs          ${blobsCopied} copied`,
    telemetry === null
      ? 'Telemetry      none in the backup'
      : `Telemetry      ${formatBytes(telemetry.bytes)} in ${telemetry.files} files, as of ${telemetry.moment}`,
    ...result.warnings.map((warning) => `Note: ${warning}`),
    ...(variables.length > 0 ? [`Set these variables of the environment: ${variables.join(', ')}`] : []),
    'Next: yumops start',
  ];
  return `${lines.join('\n')}\n`;
}
