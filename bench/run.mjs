import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { buildConsole, buildPackages } from '../scripts/lib/build-steps.mjs';
import { ensureInstalled } from '../scripts/lib/install.mjs';
import { reportFailure } from '../scripts/lib/report-failure.mjs';
import { root } from '../scripts/lib/root.mjs';
import { run } from '../scripts/lib/run.mjs';

const names = readdirSync(join(root, 'bench')).filter((name) => existsSync(join(root, 'bench', name, 'run.mjs')));
const [name, ...rest] = process.argv.slice(2);

if (!names.includes(name)) {
  console.error(`Usage: npm run bench -- NAME [options of bench/NAME/run.mjs]\nNames: ${names.join(', ')}`);
  process.exit(2);
}
try {
  await ensureInstalled();
  await buildPackages();
  await buildConsole();
  await run(process.execPath, [join('bench', name, 'run.mjs'), ...rest], { show: true });
} catch (error) {
  reportFailure(error);
}
