import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

const root = join(import.meta.dirname, '..');
const KEY = '0123456789abcdef0123456789abcdef';
const TOKEN = 'live-example-admin-token';

/** Starts a program and waits for the line that says where it serves. */
function start(script, args, { folder, env, ready, children }) {
  const child = spawn(process.execPath, [join(root, script), ...args], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`${script} ended with ${code}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const url = ready.exec(line)?.[1];
      if (url !== undefined) resolve(url);
    });
  });
}

async function stop(children) {
  for (const child of children.toReversed()) {
    child.removeAllListeners('exit');
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
}

/** The platform and the YumZoom example as its application, both built before, in processes of their own. */
export async function startLiveExample(folder) {
  const children = [];
  try {
    const platform = await start('packages/server/bin/yumops.js', ['start', '--port', '0'], {
      ...{ folder, children, ready: /^ready: (\S+)/ },
      env: { YUMOPS_DATA: join(folder, 'platform'), YUMOPS_INGEST_KEY: KEY, YUMOPS_ADMIN_TOKEN: TOKEN },
    });
    const site = await start('examples/yumzoom/scripts/start.mjs', [], {
      ...{ folder, children, ready: /^yumzoom ready: (\S+)$/ },
      env: {
        ...{ PORT: '0', YUMZOOM_DATA: join(folder, 'site'), YUMZOOM_RATE: '0' },
        ...{ YUMOPS_URL: platform, YUMOPS_KEY: KEY },
      },
    });
    return { ...{ platform, site }, ...client(platform, site), stop: () => stop(children) };
  } catch (error) {
    await stop(children);
    throw error;
  }
}

function client(platform, site) {
  async function call(method, path, body) {
    const answer = await fetch(platform + path, {
      method,
      headers: { authorization: `Bearer ${TOKEN}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.status === 204 ? null : answer.json();
  }
  const detections = async (query = '') => (await call('GET', `/api/v1/security/detections?limit=1000&${query}`)).items;
  return {
    call,
    detections,
    detected: (what, matches) => eventually(what, async () => (await detections()).find(matches)),
    signIn(address, guest, password, claimed = '') {
      const email = typeof guest === 'number' ? `guest${guest}@yumzoom.example` : guest;
      return fetch(`${site}/api/session`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'x-forwarded-for': claimed === '' ? address : `${claimed}, ${address}`,
        },
        body: JSON.stringify({ email, password }),
      });
    },
    async join(address, email, password) {
      const answer = await fetch(`${site}/api/accounts`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-forwarded-for': address },
        body: JSON.stringify({ email, password, displayName: 'A regular', homeCity: 'Lisbon' }),
      });
      if (answer.status !== 201) throw new Error(`The site did not take a guest: ${answer.status}.`);
    },
    open: (path, address) =>
      fetch(site + path, { headers: { 'x-forwarded-for': address, accept: 'text/html' }, redirect: 'manual' }),
    async send(records) {
      const answer = await fetch(`${platform}/ingest/ndjson`, {
        method: 'POST',
        headers: { 'x-yumops-key': KEY },
        body: records.map((record) => JSON.stringify(record)).join('\n'),
      });
      if (answer.status !== 202) throw new Error(`The intake answered ${answer.status}.`);
    },
    async failures(about = '') {
      const from = new Date(Date.now() - 30 * 3_600_000).toISOString();
      const found = [];
      for (let cursor = ''; cursor !== null; ) {
        const query = `event=failed_authentication&limit=1000&from=${from}${about}${cursor === '' ? '' : `&cursor=${cursor}`}`;
        const page = await call('GET', `/api/v1/security/events?${query}`);
        found.push(...page.items.filter(({ reason }) => reason !== 'blocked'));
        cursor = page.nextCursor;
      }
      return found.reverse();
    },
  };
}

/** Asks until there is an answer. */
export async function eventually(what, look) {
  const deadline = performance.now() + 30_000;
  for (;;) {
    const value = await look();
    if (value !== undefined) return value;
    if (performance.now() > deadline) throw new Error(`Not within 30 s: ${what}`);
    await sleep(50);
  }
}
