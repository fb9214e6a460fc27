// Each of the guide's six rules on the live example: its switch is turned on, everyone the rule names is told, the switch
// is turned off, and the same people are told of the end. `--windows guide` keeps the guide's own windows (over an hour).
import { spawn } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { freePort } from '../../packages/server/dist/engines/free-port.js';
import { buildConsole, buildExample } from '../lib/build-steps.mjs';
import { root } from '../lib/root.mjs';

const { values } = parseArgs({
  options: { windows: { type: 'string', default: 'short' }, only: { type: 'string' } },
});
const isShort = values.windows === 'short';
const TOKEN = 'six-rules-admin-token';
/** Switch, rule, and whom the guide names for it. */
const RULES = [
  ['dependency_down', 'Third-Party API Failures', ['#integrations', 'engineering@yumzoom.com']],
  ['brute_force', 'Failed Authentication Attempts', ['#security', 'security@yumzoom.com']],
  ['error_burst', 'High Error Rate', ['#alerts', 'devops@yumzoom.com']],
  ['connection_leak', 'Database Connection Pool Exhaustion', ['#alerts', 'dba@yumzoom.com']],
  ['slow_query', 'Response Time Degradation', ['#performance', 'engineering@yumzoom.com']],
  ['memory_leak', 'Memory Usage High', ['#infrastructure']],
].filter(([fault]) => values.only === undefined || values.only.split(',').includes(fault));
/** Until a rule has said something, and until all is quiet again, s. */
const WAIT = isShort ? 300 : 5_400;

const folder = mkdtempSync(join(tmpdir(), 'yumops-six-rules-'));
// The engines' own user must be able to enter.
chmodSync(folder, 0o755);
const started = performance.now();

function log(text) {
  console.log(`${((performance.now() - started) / 1000).toFixed(1).padStart(7)} s  ${text}`);
}

/** The example's configuration; the guide's rules with windows short enough to wait for. */
function writeConfig() {
  const source = join(root, 'examples', 'yumzoom');
  cpSync(join(source, 'monitoring'), join(folder, 'monitoring'), { recursive: true });
  for (const file of ['performance-budgets.yml', 'security-rules.yml']) cpSync(join(source, file), join(folder, file));
  cpSync(join(source, 'yumops.yml'), join(folder, 'yumops.yml'));
  if (!isShort) return;
  const file = join(folder, 'monitoring', 'alert-rules.yml');
  const short = 'time_window: "1 minute"\n    eval_interval: 5s\n    keep_firing_for: 10s';
  const rules = readFileSync(file, 'utf8')
    .replaceAll(/time_window: ".*"/g, short)
    .replace('failed_auth_attempts > 100 per hour', 'failed_auth_attempts > 60')
    .replace(/(condition: "external_api_error_rate.*)/, '$1\n    min_count: 5\n    min_bad: 2');
  writeFileSync(file, rules);
}

async function get(path) {
  const response = await fetch(yumops + path, { headers: { authorization: `Bearer ${TOKEN}` } });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

async function until(what, check, seconds = WAIT) {
  const begun = performance.now();
  while (performance.now() - begun < seconds * 1_000) {
    const found = await check();
    if (found) {
      log(`${what} (${((performance.now() - begun) / 1000).toFixed(1)} s)`);
      return found;
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error(`Not within ${seconds} s: ${what}`);
}

async function flip(fault, on) {
  const response = await fetch(`${yumzoom}/api/ops/faults`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ fault, on }),
  });
  if (!response.ok) throw new Error(`The switch ${fault} answered ${response.status}.`);
}

const firing = async () => (await get('/api/v1/alerts?state=firing&limit=100')).items.map(({ rule }) => rule);

/** Whether all of these have had a message of this kind about an alert since then. */
async function wereTold(id, kind, names, since) {
  const { notifications } = await get(`/api/v1/alerts/${id}`);
  const told = notifications
    .filter((one) => one.kind === kind && one.status === 'sent' && one.createdAt >= since)
    .map(({ target }) => target);
  return names.every((name) => told.includes(name));
}

async function exercise([fault, rule, names]) {
  await until(
    `quiet before ${fault}`,
    async () => !(await firing()).some((name) => RULES.some((one) => one[1] === name)),
  );
  const since = new Date().toISOString();
  await flip(fault, true);
  const id = await until(`${rule} fires`, async () => {
    const { items } = await get('/api/v1/alerts?state=firing&limit=100');
    return items.find((alert) => alert.rule === rule)?.id;
  });
  await until(`  ${names.join(' and ')} were told`, () => wereTold(id, 'firing', names, since));
  await flip(fault, false);
  await until(`${rule} is over`, async () => (await get(`/api/v1/alerts/${id}`)).state === 'resolved');
  await until(`  ${names.join(' and ')} were told of the end`, () => wereTold(id, 'resolved', names, since));
}

writeConfig();
const env = {
  ...process.env,
  YUMOPS_ADMIN_TOKEN: TOKEN,
  YUMOPS_CONFIG: folder,
  YUMOPS_DATA: join(folder, 'data'),
  YUMOPS_PORT: String(await freePort()),
  YUMZOOM_PORT: String(await freePort()),
};
const yumops = `http://127.0.0.1:${env.YUMOPS_PORT}`;
const yumzoom = `http://127.0.0.1:${env.YUMZOOM_PORT}`;
const child = spawn(process.execPath, ['scripts/start.mjs'], { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] });
const gone = new Promise((resolve) => child.once('exit', resolve));
let failed = false;
try {
  await buildConsole();
  await buildExample();
  await new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`npm start ended with ${code}`)));
    createInterface({ input: child.stdout }).on('line', (line) => line.startsWith('ready:') && resolve());
  });
  log('the platform and the example serve');
  for (const rule of RULES) await exercise(rule);
} catch (error) {
  failed = true;
  log(error.message);
  if (child.exitCode === null) log(`firing: ${(await firing()).join(', ')}`);
} finally {
  if (child.exitCode === null) child.kill('SIGTERM');
  await gone;
  rmSync(folder, { recursive: true, force: true });
}
console.log(failed ? 'failed' : `passed: ${RULES.length} of ${RULES.length} rules`);
process.exit(failed ? 1 : 0);
