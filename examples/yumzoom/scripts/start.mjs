// Runs YumZoom whole: its Postgres, its partners, the site, and people who use it.
//
//   node scripts/build.mjs && node scripts/start.mjs
//
// PORT (3000, else a free one) · YUMZOOM_DATA (.data) · YUMOPS_URL and YUMOPS_KEY (where telemetry goes)
// YUMZOOM_RATE (requests a second, 12; 0 = nobody comes) · YUMZOOM_FAULTS (1; 0 takes the switches away)

import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startControl } from './runner/control.mjs';
import { startDatabase } from './runner/database.mjs';
import { startPartners } from './runner/partners.mjs';
import { portNear } from './runner/port.mjs';
import { startSite } from './runner/site.mjs';
import './runner/stop-with-parent.mjs';
import { startAttack } from './traffic/attack.mjs';
import { seededRandom } from './traffic/random.mjs';
import { startTraffic } from './traffic/traffic.mjs';

const SEED = 20_250_801;

const log = (line) => console.log(`yumzoom: ${line}`);
const newSecret = () => randomBytes(24).toString('base64url');

/** What has been started, in order; stopped in reverse. */
const running = [];
let stopping;

function stop() {
  stopping ??= (async () => {
    for (const part of running.reverse()) await part();
  })();
  return stopping;
}

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, async () => {
    await stop();
    process.exit(0);
  });
}

try {
  await main();
} catch (error) {
  console.error(`yumzoom: could not start: ${error.message}`);
  await stop();
  process.exit(1);
}

async function main() {
  const data = resolve(process.env.YUMZOOM_DATA ?? fileURLToPath(new URL('../.data', import.meta.url)));
  await mkdir(join(data, 'uploads'), { recursive: true });

  log('starting Postgres 15');
  const database = await startDatabase({ folder: join(data, 'postgres'), log });
  running.push(() => database.stop());

  await leaveAddresses(join(data, 'database'), database.urls);
  await makeBackupKey(`${data}-backup.key`);

  const partnerKey = newSecret();
  const partners = await startPartners({ key: partnerKey, random: seededRandom(SEED) });
  running.push(partners.close);

  const port = await portNear(Number(process.env.PORT ?? 3000));
  const origin = `http://127.0.0.1:${port}`;
  const attack = startAttack({ origin, random: seededRandom(SEED + 1) });
  running.push(attack.stop);

  const controlToken = newSecret();
  const switches = { dependency_down: partners.setDown, brute_force: attack.setOn };
  const control = await startControl({ token: controlToken, onFault: (fault, on) => switches[fault]?.(on) });
  running.push(control.close);

  log('starting the site');
  const site = await startSite({
    port,
    log,
    // A new server has every fault off.
    onRestart: () => {
      for (const set of Object.values(switches)) set(false);
    },
    env: siteSettings({ data, database, partners, partnerKey, control, controlToken }),
  });
  running.push(site.stop);

  const traffic = startTraffic({
    origin,
    random: seededRandom(SEED + 2),
    rate: Number(process.env.YUMZOOM_RATE ?? 12),
  });
  running.push(traffic.stop);
  console.log(`yumzoom ready: ${site.url}`);
}

/**
 * Leaves the addresses of the database where YumOps finds them: for its own user alone, and on no command line.
 * @param {string} folder
 * @param {Record<'monitor' | 'maintenance' | 'backup', string>} urls
 */
async function leaveAddresses(folder, urls) {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const role of ['monitor', 'maintenance', 'backup']) {
    await writeFile(join(folder, `${role}.url`), `${urls[role]}\n`, { mode: 0o600 });
  }
}

/** Makes the key that YumOps seals the site's backups with, once; it stands beside the data, not in it. */
async function makeBackupKey(path) {
  if (existsSync(path)) return;
  const command = fileURLToPath(new URL('../bin/yumops.js', import.meta.resolve('yumops')));
  await promisify(execFile)(process.execPath, [command, 'backup', 'key', 'create', path]);
}

function siteSettings({ data, database, partners, partnerKey, control, controlToken }) {
  return {
    DATABASE_URL: database.urls.app,
    MONITOR_DATABASE_URL: database.urls.monitor,
    MAINTENANCE_DATABASE_URL: database.urls.maintenance,
    YUMZOOM_UPLOADS: join(data, 'uploads'),
    MAPS_URL: partners.urls['google-maps'],
    MAPS_API_KEY: partnerKey,
    PAYMENTS_URL: partners.urls.stripe,
    PAYMENTS_API_KEY: partnerKey,
    EMAIL_URL: partners.urls.resend,
    EMAIL_API_KEY: partnerKey,
    CRON_SECRET: process.env.CRON_SECRET ?? newSecret(),
    YUMZOOM_FAULTS: process.env.YUMZOOM_FAULTS ?? '1',
    YUMZOOM_CONTROL_URL: control.url,
    YUMZOOM_CONTROL_TOKEN: controlToken,
    YUMOPS_SERVICE: 'yumzoom',
    YUMOPS_PROVIDERS: partners.providers,
    // The only proxy is this machine: visitors of the traffic come with addresses of their own.
    YUMOPS_TRUST_PROXY: process.env.YUMOPS_TRUST_PROXY ?? '127.0.0.1/32',
    NEXT_PUBLIC_APP_VERSION: '1.0.0',
  };
}
