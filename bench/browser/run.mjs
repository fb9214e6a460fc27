// What the browser SDK costs a page: bytes on the wire beside web-vitals alone, and the longest task at its start with the
// processor slowed down four times.

import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';

const REPEATS = 9;
const root = fileURLToPath(new URL('../..', import.meta.url));
const sdk = fileURLToPath(new URL('../../packages/browser/src/index.ts', import.meta.url));

async function bundle(contents) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: fileURLToPath(new URL('../../packages/browser', import.meta.url)), loader: 'ts' },
    ...{ bundle: true, minify: true, format: 'esm', target: 'es2022', write: false, splitting: true, outdir: 'out' },
    ...{ entryNames: 'app', chunkNames: '[name]-[hash]', absWorkingDir: root },
  });
  return outputFiles.map(({ path, contents: bytes }) => ({
    name: path.slice(path.lastIndexOf('/')),
    bytes: Buffer.from(bytes),
  }));
}
const gzipped = (files) => files.reduce((sum, { bytes }) => sum + gzipSync(bytes, { level: 9 }).length, 0);

const own = await bundle(`import { init } from ${JSON.stringify(sdk)}; const before = performance.now();
  init({ url: location.origin, key: 'k', attributionRate: 0 }); globalThis.initMs = performance.now() - before;`);
const vitals = await bundle(
  `import { onCLS, onFCP, onINP, onLCP, onTTFB } from 'web-vitals'; for (const on of [onCLS, onFCP, onINP, onLCP, onTTFB]) on(() => {});`,
);
const lazy = own.filter(({ name }) => name.includes('attribution'));
const core = own.filter((file) => !lazy.includes(file));

const server = createServer((request, response) => {
  const file = own.find(({ name }) => name === request.url);
  if (file) response.setHeader('content-type', 'text/javascript').end(file.bytes);
  else if (request.url === '/') {
    response
      .setHeader('content-type', 'text/html')
      .end('<!doctype html><title>x</title><h1>Menu</h1><script type="module" src="/app.js"></script>');
  } else response.writeHead(204).end();
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${server.address().port}/`;
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
const inits = [];
for (let i = 0; i < REPEATS; i++) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate: 4 });
  await page.goto(url);
  await page.waitForFunction('globalThis.initMs !== undefined');
  inits.push(await page.evaluate('globalThis.initMs'));
  await context.close();
}
await browser.close();
server.close();
inits.sort((a, b) => a - b);
const report = {
  ...{ bench: 'browser', at: new Date().toISOString(), cpu: cpus()[0]?.model, load: loadavg()[0] },
  ...{ coreGzip: gzipped(core), lazyGzip: gzipped(lazy), webVitalsGzip: gzipped(vitals) },
  initAtFourTimesSlower: {
    p50Ms: Number(inits[Math.floor(REPEATS / 2)].toFixed(2)),
    worstMs: Number(inits.at(-1).toFixed(2)),
  },
  goals: { coreGzip: 8 * 1024, initMs: 5 },
};
console.log(report);
await mkdir(new URL('../results/', import.meta.url), { recursive: true });
await writeFile(new URL('../results/browser.json', import.meta.url), `${JSON.stringify(report, null, 2)}\n`);
