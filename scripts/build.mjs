import { buildConsole, buildExample, buildPackages } from './lib/build-steps.mjs';
import { ensureInstalled } from './lib/install.mjs';
import { reportFailure } from './lib/report-failure.mjs';

try {
  await ensureInstalled();
  await buildPackages();
  await buildConsole();
  if (!process.argv.includes('--no-example')) await buildExample();
} catch (error) {
  reportFailure(error);
}
