// Writes the JSON Schemas of the configuration files from the schemas that the loader checks with.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const folder = join(root, 'packages/server/schemas');

execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-b', join(root, 'packages/server')], {
  stdio: 'inherit',
});
const { jsonSchemas } = await import(join(root, 'packages/server/dist/config/schemas.js'));
mkdirSync(folder, { recursive: true });
for (const [file, text] of Object.entries(jsonSchemas())) {
  writeFileSync(join(folder, file), text);
  console.log(`packages/server/schemas/${file}`);
}
