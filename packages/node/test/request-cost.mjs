import { fork } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import http from 'node:http';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('./request-cost-server.mjs', import.meta.url));
const CONNECTIONS = 20;
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const tenths = (value) => Number(value.toFixed(1));

async function start(kind) {
  const child = fork(PROGRAM, [kind], {
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
    while (next < count) await request(server, next++);
  };
  const before = await server.usage();
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
  const after = await server.usage();
  return (after.cpu.user + after.cpu.system - before.cpu.user - before.cpu.system) / count;
}

/**
 * CPU of the server for each request, bare and with the request log, in rounds that take turns; microseconds. The best rounds are
 * those that others on the machine disturbed least.
 */
export async function measureRequests({ rounds, requests }) {
  const servers = { bare: await start('bare'), logged: await start('logged') };
  for (let round = -1; round < rounds; round++) {
    for (const server of Object.values(servers)) {
      const cost = await load(server, requests);
      if (round >= 0) server.microseconds.push(cost);
    }
  }
  const figures = {};
  for (const [name, server] of Object.entries(servers)) {
    const { rss } = await server.usage();
    const { microseconds } = server;
    figures[name] = {
      medianUs: tenths(median(microseconds)),
      bestUs: tenths(Math.min(...microseconds)),
      rssMb: Math.round(rss / 1_048_576),
    };
    server.agent.destroy();
    server.child.disconnect();
  }
  const { bare, logged } = figures;
  return {
    ...figures,
    addedUs: tenths(logged.medianUs - bare.medianUs),
    addedBestUs: tenths(logged.bestUs - bare.bestUs),
  };
}
