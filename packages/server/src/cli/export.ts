import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { defineCommand } from 'citty';
import type { ExportContents } from '../access/personal-data/index.ts';
import { readSettings } from '../config/settings.ts';
import { withClient } from './client.ts';
import { platformArgs, printJson } from './command.ts';

export const exportAll = defineCommand({
  meta: { name: 'yumops export', description: 'Write every relation and the state as NDJSON, without secrets' },
  args: {
    ...platformArgs,
    out: { type: 'string', required: true, description: 'Folder to write to', valueHint: 'DIR' },
  },
  async run({ args }) {
    return withClient(readSettings(args), async (client) => {
      const { telemetry, state } = await client.get<ExportContents>('/api/v1/export');
      const files: { file: string; rows: number }[] = [];
      for (const [kind, names] of Object.entries({ telemetry, state })) {
        await mkdir(join(args.out, kind), { recursive: true, mode: 0o700 });
        for (const name of names) {
          if (!args.json) process.stderr.write(`${kind}/${name}\n`);
          const path = join(args.out, kind, `${name}.ndjson`);
          const rows = await writeLines(path, client.lines(`/api/v1/export/${kind}/${encodeURIComponent(name)}`));
          files.push({ file: path, rows });
        }
      }
      const rows = files.reduce((sum, file) => sum + file.rows, 0);
      if (args.json) printJson({ files });
      else process.stdout.write(`${rows.toLocaleString('en')} rows in ${files.length} files in ${args.out}\n`);
      return 0;
    });
  },
});

async function writeLines(path: string, chunks: AsyncIterable<Uint8Array>): Promise<number> {
  const file = await open(path, 'w', 0o600);
  let rows = 0;
  try {
    for await (const chunk of chunks) {
      for (const byte of chunk) if (byte === 10) rows += 1;
      await file.write(chunk);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return rows;
}
