// 2,000 HTTP monitors at 20 s, ours beside prometheus with its blackbox exporter; 500 hung targets beside them; and
// 10,000 monitors at 60 s; 2,000 down at once and how many messages that makes; the list of 2,000. How regular the checks are is measured where they arrive: at the target.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { describeGaps } from './gaps.mjs';
import { measureProcesses } from './measure.mjs';
import { installedPeer, startPeer } from './peer.mjs';
import { startPlatform, TOKEN } from './platform.mjs';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '120' },
    'long-seconds': { type: 'string', default: '600' },
    only: { type: 'string', default: 'fleet,peer,hung,many,outage' },
  },
});
const SECONDS = Number(values.seconds);
const PARTS = values.only.split(',');
const GOALS = {
  ...{ cpuPercent: 21, megabytes: 342, gapP99: 20_090, missed: 0 },
  ...{ pages: 1, listSeconds: 1, listBytes: 200_000 },
};

const folder = await mkdtemp(join(tmpdir(), 'yumops-bench-uptime-'));
await chmod(folder, 0o755);
const target = fork(fileURLToPath(new URL('./target.mjs', import.meta.url)));
const [{ port }] = await once(target, 'message');
const origin = `http://127.0.0.1:${port}`;
const result = {
  bench: 'uptime',
  date: new Date().toISOString(),
  node: process.version,
  peer: installedPeer() ?? 'not installed',
  machine: { cpu: cpus()[0].model, cores: cpus().length },
  goals: GOALS,
};
try {
  await part('fleet', 'yumops', () => measureOurs('fleet', fleet(2_000, 20), 20, SECONDS));
  if (installedPeer()) await part('peer', 'prometheus', measurePeer);
  await part('hung', 'besideHungTargets', measureBesideHung);
  await part('outage', 'twoThousandDown', measureOutage);
  await part('many', 'tenThousand', () => measureOurs('many', fleet(10_000, 60), 60, Number(values['long-seconds'])));
} finally {
  target.disconnect();
  await rm(folder, { recursive: true, force: true });
}

/** Measures one part and records what there is until now: a part that fails takes no other along. */
async function part(name, key, measure) {
  if (!PARTS.includes(name)) return;
  const before = loadavg()[0];
  result[key] = { ...(await measure()), load: { before, after: loadavg()[0] } };
  console.log(JSON.stringify({ [key]: result[key] }, null, 2));
  const results = fileURLToPath(new URL('../results/', import.meta.url));
  await mkdir(results, { recursive: true });
  const file = join(results, `uptime-${result.date.slice(0, 10)}.json`);
  // Parts that were measured on the same day stay.
  const earlier = existsSync(file) ? JSON.parse(await readFile(file, 'utf8')) : {};
  await writeFile(file, `${JSON.stringify({ ...earlier, ...result }, null, 2)}\n`);
}

function fleet(count, interval, prefix = 'm') {
  return Array.from({ length: count }, (_, index) => ({
    name: `${prefix}${index}`,
    url: `${origin}/${prefix}${index}`,
    check_interval: interval,
    timeout: 10,
  }));
}

/** What arrived at the target in the window; forgets what came before it. */
async function watch(intervalSeconds, seconds, work) {
  const { now: from } = await ask('forget');
  const measured = await work();
  const { hits, now: to } = await ask('report');
  const checked = hits.filter(([path]) => path.startsWith('/m'));
  return {
    seconds,
    ...measured,
    paths: checked.length,
    ...describeGaps(checked, intervalSeconds * 1_000, { from, to }),
  };
}

async function ask(what) {
  target.send(what);
  const [answer] = await once(target, 'message');
  return answer;
}

async function measureOurs(name, monitors, intervalSeconds, seconds) {
  console.log(`${name}: ${monitors.length} monitors at ${intervalSeconds} s for ${seconds} s`);
  const platform = await startPlatform(join(folder, name), monitors);
  try {
    // One interval in which each monitor is found, and goes on to its own slot.
    await sleep(intervalSeconds * 1_000 + 15_000);
    return await watch(intervalSeconds, seconds, () =>
      measureProcesses(
        [
          { name: 'prober', pid: platform.pid },
          { name: 'withStores', pid: platform.pid, tree: true },
        ],
        seconds,
      ),
    );
  } finally {
    await platform.stop();
  }
}

async function measurePeer() {
  console.log('prometheus and blackbox_exporter: 2,000 targets at 20 s');
  const urls = fleet(2_000, 20).map(({ url }) => url);
  const peer = await startPeer(join(folder, 'peer'), urls, 20);
  try {
    await sleep(35_000);
    const processes = Object.entries(peer.pids).map(([name, pid]) => ({ name, pid }));
    return await watch(20, SECONDS, () => measureProcesses(processes, SECONDS));
  } finally {
    await peer.stop();
  }
}

function measureBesideHung() {
  const monitors = [...fleet(2_000, 20), ...fleet(500, 20, 'hung')];
  return measureOurs('hung', monitors, 20, Math.min(SECONDS, 100));
}

/** 2,000 monitors fail at once and heal: the messages that go out, and the list as the console reads it. */
async function measureOutage() {
  console.log('outage: 2,000 monitors at 20 s go down at once');
  const platform = await startPlatform(join(folder, 'outage'), fleet(2_000, 20), {
    integrations: { slack: { webhook: `${origin}/hook` } },
    alert_settings: { escalation_policy: [{ delay: 0, notify: ['slack'] }] },
  });
  try {
    await until(async () => (await readList(platform.url)).count('up') === 2_000, 300);
    const list = await readList(platform.url);
    const { now: failedAt } = await ask('fail');
    await until(async () => (await readList(platform.url)).count('down') === 2_000, 300);
    await sleep(30_000);
    const { messages: pages } = await ask('report');
    await ask('heal');
    await until(async () => (await readList(platform.url)).count('up') === 2_000, 300);
    await until(async () => (await ask('report')).messages.length > pages.length, 300);
    await sleep(10_000);
    const { messages: all } = await ask('report');
    return {
      firing: pages.length,
      firstAfterSeconds: Number((((pages[0]?.at ?? Number.NaN) - failedAt) / 1_000).toFixed(1)),
      resolved: all.length - pages.length,
      list: { monitors: list.items.length, milliseconds: Math.round(list.milliseconds), gzipBytes: list.bytes },
    };
  } finally {
    await platform.stop();
  }
}

async function readList(url) {
  const begun = performance.now();
  const { status, bytes, body } = await getGzip(`${url}/api/v1/monitors?limit=5000`);
  if (status !== 200) throw new Error(`The list answered ${status}`);
  const { items } = JSON.parse(body);
  const count = (state) => items.filter((monitor) => monitor.state === state).length;
  return { items, bytes, milliseconds: performance.now() - begun, count };
}

/** An answer with the bytes that went over the wire. */
function getGzip(url) {
  return new Promise((resolve, reject) => {
    get(url, { headers: { authorization: `Bearer ${TOKEN}`, 'accept-encoding': 'gzip' } }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => {
        const raw = Buffer.concat(chunks);
        const body = response.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw;
        resolve({ status: response.statusCode, bytes: raw.length, body: body.toString() });
      });
    }).on('error', reject);
  });
}

async function until(condition, seconds) {
  const deadline = performance.now() + seconds * 1_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`It did not come to pass within ${seconds} s`);
    await sleep(1_000);
  }
}
