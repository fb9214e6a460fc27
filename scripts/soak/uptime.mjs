// Kills a platform with 2,000 monitors by SIGKILL, again and again: each monitor must be checked within one interval of
// the new start, states and the times since when they hold must be as they were, and nothing may be announced twice.
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    monitors: { type: 'string', default: '2000' },
    interval: { type: 'string', default: '20' },
    kills: { type: 'string', default: '3' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
const [COUNT, INTERVAL, KILLS] = [values.monitors, values.interval, values.kills].map(Number);
/** Beyond the interval, for a machine that does other things too. */
const TOLERANCE_MS = 2_000;
const BIN = fileURLToPath(new URL('../../packages/server/dist/cli/bin.js', import.meta.url));
const TOKEN = 'soak-uptime-admin-token';
console.log(`seed ${values.seed}`);

const folder = await mkdtemp(join(tmpdir(), 'yumops-soak-uptime-'));
await chmod(folder, 0o755);
const target = fork(fileURLToPath(new URL('../../bench/uptime/target.mjs', import.meta.url)));
const [{ port }] = await once(target, 'message');
const failures = [];
let platform;
try {
  await writeFile(join(folder, 'yumops.yml'), monitorsFile());
  platform = await start();
  await until(async () => (await states()).every(({ state }) => state !== 'pending'), 'every monitor has a state');
  const downs = (await states()).filter(({ state }) => state === 'down').length;
  if (downs !== COUNT / 10) failures.push(`${downs} of ${COUNT / 10} are down`);
  for (let kill = 1; kill <= KILLS; kill += 1) await killOnce(kill);
} finally {
  platform?.child.kill('SIGKILL');
  target.disconnect();
  await rm(folder, { recursive: true, force: true });
}
console.log(failures.length === 0 ? 'passed' : `failed:\n${failures.join('\n')}`);
process.exit(failures.length === 0 ? 0 : 1);

async function killOnce(kill) {
  const before = await states();
  await sleep((Number(values.seed) * kill) % (INTERVAL * 1_000));
  platform.child.kill('SIGKILL');
  await platform.exited;
  await ask('forget');
  platform = await start();
  const started = (await ask('report')).now;
  await sleep(INTERVAL * 1_000 + TOLERANCE_MS);
  const { hits } = await ask('report');
  const latest =
    hits.length < COUNT ? Number.POSITIVE_INFINITY : Math.max(...hits.map(([, [first]]) => first - started));
  const after = new Map((await states()).map((monitor) => [monitor.id, monitor]));
  const changed = before.filter(
    ({ id, state, since }) => after.get(id)?.state !== state || after.get(id)?.since !== since,
  );
  console.log({ kill, checked: hits.length, latestMs: Math.round(latest), changed: changed.length });
  if (latest > INTERVAL * 1_000 + TOLERANCE_MS)
    failures.push(`kill ${kill}: the last of ${hits.length} came after ${latest} ms`);
  if (changed.length > 0) failures.push(`kill ${kill}: ${changed.length} states are others, such as ${changed[0].id}`);
}

/** One of ten expects what never comes. */
function monitorsFile() {
  const monitors = Array.from({ length: COUNT }, (_, index) => ({
    name: `m${index}`,
    url: `http://127.0.0.1:${port}/m${index}`,
    check_interval: INTERVAL,
    timeout: 10,
    ...(index % 10 === 0 ? { expected_status: 204 } : {}),
  }));
  return `monitors:\n${monitors.map((monitor) => `  - ${JSON.stringify(monitor)}`).join('\n')}\n`;
}

async function start() {
  const env = {
    ...process.env,
    YUMOPS_CONFIG: join(folder, 'yumops.yml'),
    YUMOPS_DATA: join(folder, 'data'),
    YUMOPS_ADMIN_TOKEN: TOKEN,
  };
  const child = spawn(process.execPath, [BIN, 'start', '--port', '0'], { env, stdio: ['ignore', 'pipe', 'ignore'] });
  const exited = once(child, 'exit');
  const url = await Promise.race([
    new Promise((resolve) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (line.startsWith('ready:')) resolve(line.slice('ready:'.length).trim());
      });
    }),
    exited.then(([code]) => Promise.reject(new Error(`the platform ended with ${code}`))),
  ]);
  return { child, exited, url };
}

async function states() {
  const headers = { authorization: `Bearer ${TOKEN}` };
  const answer = await fetch(`${platform.url}/api/v1/monitors?limit=5000`, { headers });
  return (await answer.json()).items;
}

async function ask(message) {
  target.send(message);
  const [answer] = await once(target, 'message');
  return answer;
}

async function until(condition, what) {
  const deadline = performance.now() + 180_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`It did not come to pass that ${what}`);
    await sleep(500);
  }
}
