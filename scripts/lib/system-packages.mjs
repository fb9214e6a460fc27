import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run, step } from './run.mjs';

/** Programs that tests talk to, and the Debian packages that bring them. */
const PROGRAMS = {
  chromium: 'chromium',
  'redis-server': 'redis-server',
  pg_dump: 'postgresql-client',
  ping: 'iputils-ping',
};

function isInstalled(program) {
  return process.env.PATH.split(delimiter).some((folder) => existsSync(join(folder, program)));
}

/** Installs the servers and the browser that tests use, where that is possible; else says what is missing. */
export async function ensureSystemPackages() {
  const missing = Object.keys(PROGRAMS).filter((program) => !isInstalled(program));
  if (missing.length === 0) return;
  const packages = missing.map((program) => PROGRAMS[program]);
  const canInstall = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
  if (!canInstall) {
    console.error(`The tests need ${missing.join(', ')}. On Debian: apt-get install ${packages.join(' ')}`);
    process.exit(2);
  }
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await step(`Installing ${packages.join(', ')}`, async () => {
    await run('apt-get', ['update', '-q'], { env });
    await run('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...packages], { env });
  });
}
