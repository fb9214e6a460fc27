// CPU that the request log adds to a bare Node server: `node bench/logger/requests.mjs [rounds]`.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = dirname(fileURLToPath(import.meta.url));
const ROUNDS = Number(process.argv[2] ?? 7);
const REQUESTS = 8000;
const CONNECTIONS = 20;
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

async function start(kind) {
  const child = fork(join(folder, 'server.mjs'), [kind], {
    stdio: ['ignore', openSync('/dev/null', 'w'), 'inherit', 'ipc'],
    env: { ...process.env, NODE_ENV: 'production', YUMOPS_URL: '' },
  });
  const [{ port }] = await once(child, 'message');
  const usage = async () => {
    child.send('usage');
    return (await once(child, 'message'))[0];
  };
  return { child, port, usage, agent: new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS }), microseconds: [] };
}

function request({ port, agent }, n) {
  return new Promise((resolve, reject) => {
    http
      .get(
        { host: '127.0.0.1', port, agent, path: `/api/restaurants/${n}?page=2`, headers: { 'user-agent': 'bench' } },
        (response) => response.resume().on('end', resolve),
      )
      .on('error', reject);
  });
}

async function load(server, count) {
  let next = 0;
  const worker = async () => {
    while (next < count) {
      await request(server, next++);
    }
  };
  const before = await server.usage();
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
  const after = await server.usage();
  return (after.cpu.user + after.cpu.system - before.cpu.user - before.cpu.system) / count;
}

const loadBefore = loadavg()[0];
const servers = { bare: await start('bare'), 'request log': await start('logged') };
for (let round = -1; round < ROUNDS; round++) {
  for (const server of Object.values(servers)) {
    const cost = await load(server, REQUESTS);
    if (round >= 0) server.microseconds.push(cost);
  }
}
const summary = {};
for (const [name, server] of Object.entries(servers)) {
  const { rss } = await server.usage();
  summary[name] = {
    medianUs: Number(median(server.microseconds).toFixed(1)),
    bestUs: Number(Math.min(...server.microseconds).toFixed(1)),
    rssMb: Math.round(rss / 1048576),
  };
  server.child.disconnect();
}
const added = Number((summary['request log'].medianUs - summary.bare.medianUs).toFixed(1));
const addedBest = Number((summary['request log'].bestUs - summary.bare.bestUs).toFixed(1));
console.table(summary);
console.log(`added CPU per request: ${added} us (median), ${addedBest} us (best rounds); goal 10`);
const date = new Date().toISOString();
const report = {
  bench: 'request log',
  date,
  node: process.version,
  rounds: ROUNDS,
  requests: REQUESTS,
  loadBefore,
  loadAfter: loadavg()[0],
  goalUs: 10,
  addedUs: added,
  addedBestUs: addedBest,
  summary,
};
const file = join(folder, '..', 'results', `request-log-${date.slice(0, 10)}.json`);
mkdirSync(dirname(file), { recursive: true });
writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
process.exit(0);
