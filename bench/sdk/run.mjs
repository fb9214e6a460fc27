// What the SDK costs an application: a log call beside pino and winston, the request log over a bare server, loading it
// beside pino and winston, and its memory while the backend is down.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { cpus, loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { backendOf, runOutage } from '../../packages/node/test/outage.mjs';

const folder = dirname(fileURLToPath(import.meta.url));
const logger = join(folder, '..', 'logger');
const sdk = join(folder, '..', '..', 'packages', 'node', 'lib');
const node = (...args) =>
  execFileSync(process.execPath, args, { encoding: 'utf8', stdio: ['ignore', 'inherit', 'inherit'] });
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

node(join(logger, 'run.mjs'));
node(join(logger, 'requests.mjs'));

/** CPU milliseconds of loading a module in a fresh process; where it is an ES module, with what Node takes for its first one. */
function loading(module) {
  const load = `${module.endsWith('.js') ? 'await import' : 'require'}(${JSON.stringify(module)})`;
  const script = `(async () => { const c = process.cpuUsage(); ${load}; const { user, system } = process.cpuUsage(c); console.log((user + system) / 1000) })()`;
  return Number(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' }));
}
const modules = {
  '@yumops/node': join(sdk, 'cjs', 'index.cjs'),
  '@yumops/node, imported': join(sdk, 'esm', 'index.js'),
  pino: join(logger, 'node_modules', 'pino'),
  winston: join(logger, 'node_modules', 'winston'),
};
const load = {};
for (const [name, path] of Object.entries(modules)) {
  if (!existsSync(path)) continue;
  const times = Array.from({ length: 11 }, () => loading(path));
  load[name] = { medianMs: Number(median(times).toFixed(1)), bestMs: Number(Math.min(...times).toFixed(1)) };
}
console.log('\nloading, CPU of a fresh process (goal 20 ms)');
console.table(load);

/** Takes everything and keeps nothing. */
const server = createServer((request, response) => {
  request.resume().on('end', () => response.writeHead(202).end('{"accepted":1,"rejected":[]}'));
});
const { backend, port } = await backendOf(server);
const outage = await runOutage({
  ...{ entry: join(sdk, 'esm', 'index.js'), port, rate: 5_000, upSeconds: 15, downSeconds: 30, backend },
});
const { extraMb, seconds } = outage;
console.log(
  `backend down, 5,000 lines a second for ${seconds.toFixed(0)} s: ${extraMb.toFixed(1)} MB more than with it (goal 32)`,
);

const report = {
  ...{ bench: 'sdk', at: new Date().toISOString(), node: process.version, cpu: cpus()[0]?.model, load: loadavg()[0] },
  ...{ loading: load, outage, goals: { loadingMs: 20, extraMb: 32, requestUs: 10 } },
};
mkdirSync(join(folder, '..', 'results'), { recursive: true });
writeFileSync(join(folder, '..', 'results', 'sdk.json'), `${JSON.stringify(report, null, 2)}\n`);
