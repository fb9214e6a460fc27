// Starts the platform on an empty data folder, sends a record, finds it by SQL, stops, and starts again.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../../packages/server/bin/yumops.js', import.meta.url));
const data = process.argv[2];
const KEY = '0123456789abcdef0123456789abcdef';
const TOKEN = 'smoke-test-admin-token';
const DEADLINE_MS = 60_000;

function start() {
  const child = spawn(process.execPath, [bin, 'start', '--data', data, '--port', '0'], {
    env: { ...process.env, YUMOPS_INGEST_KEY: KEY, YUMOPS_ADMIN_TOKEN: TOKEN },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS);
  return new Promise((resolve, reject) => {
    child.once('exit', (code, signal) => reject(new Error(`The platform ended with ${signal ?? code}.`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (!line.startsWith('ready:')) return;
      clearTimeout(timer);
      child.removeAllListeners('exit');
      resolve({ child, url: line.slice('ready:'.length).trim() });
    });
  });
}

function stop(child) {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? code));
    child.kill('SIGTERM');
  });
}

async function count(url) {
  const response = await fetch(`${url}/api/v1/query`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ sql: "SELECT count() FROM application_logs WHERE message = 'matrix'" }),
  });
  assert.equal(response.status, 200, await response.clone().text());
  return (await response.json()).rows[0][0];
}

async function until(condition) {
  const deadline = performance.now() + 20_000;
  while (performance.now() < deadline) if (await condition()) return;
  throw new Error('The record did not become visible within 20 s.');
}

const first = await start();
const sent = await fetch(`${first.url}/ingest/ndjson`, {
  method: 'POST',
  headers: { 'x-yumops-key': KEY },
  body: `${JSON.stringify({ timestamp: Date.now(), level: 'info', message: 'matrix' })}\n`,
});
assert.equal(sent.status, 202, await sent.text());
await until(async () => (await count(first.url)) === 1);
assert.equal(await stop(first.child), 0);

const second = await start();
assert.equal(await count(second.url), 1);
assert.equal(await stop(second.child), 0);
