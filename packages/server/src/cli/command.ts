import type { ArgsDef } from 'citty';

/** Arguments that every command takes. */
export const commonArgs = {
  json: { type: 'boolean', description: 'Print one JSON document instead of text' },
} as const satisfies ArgsDef;

/** Where a command finds the platform. */
export const platformArgs = {
  ...commonArgs,
  config: { type: 'string', description: 'Folder or file with yumops.yml (YUMOPS_CONFIG)', valueHint: 'DIR|FILE' },
  data: { type: 'string', description: 'Data folder (YUMOPS_DATA)', valueHint: 'DIR' },
  port: { type: 'string', description: 'Port of the platform, default 4600 (YUMOPS_PORT)', valueHint: 'N' },
} as const satisfies ArgsDef;

/** Prints the one JSON document of a command. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, process.stdout.isTTY ? 2 : undefined)}\n`);
}
