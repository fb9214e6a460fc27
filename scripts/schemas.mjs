// Writes the files that are made from the code: the JSON Schemas of the configuration, the reference of rule metrics.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-b', join(root, 'packages/server')], {
  stdio: 'inherit',
});
const { publishedFiles } = await import(join(root, 'packages/server/dist/config/schemas.js'));
for (const [file, text] of Object.entries(publishedFiles())) {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
  console.log(file);
}
