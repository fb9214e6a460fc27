import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { buildPackages } from './lib/build-steps.mjs';
import { ensureInstalled } from './lib/install.mjs';
import { reportFailure } from './lib/report-failure.mjs';
import { root } from './lib/root.mjs';
import { run } from './lib/run.mjs';

const folder = join(root, 'scripts', 'soak');
const names = existsSync(folder) ? readdirSync(folder).map((file) => file.replace(/\.mjs$/, '')) : [];
const [name, ...rest] = process.argv.slice(2);

if (!names.includes(name)) {
  console.error(`Usage: npm run soak -- NAME [--seed N]\nNames: ${names.join(', ')}`);
  process.exit(2);
}
try {
  await ensureInstalled();
  await buildPackages();
  await run(process.execPath, [join('scripts', 'soak', `${name}.mjs`), ...rest], { show: true });
} catch (error) {
  reportFailure(error);
}
