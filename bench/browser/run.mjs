// What the browser SDK costs a page, beside web-vitals alone: bytes on the wire, reading its script, and its start with the
// processor slowed down four times: `init` itself, and the longest of the parts that it leaves to idle moments.

import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';

const REPEATS = 9;
const SLOWER = 4;
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

const subjects = {
  yumops: await bundle(`import { init } from ${JSON.stringify(sdk)};
    globalThis.begin = () => init({ endpoint: location.origin, key: 'k' });`),
  'web-vitals': await bundle(`import { onCLS, onFCP, onINP, onLCP, onTTFB } from 'web-vitals';
    globalThis.begin = () => { for (const on of [onCLS, onFCP, onINP, onLCP, onTTFB]) on(() => {}); };`),
  nothing: await bundle('globalThis.begin = () => {};'),
};
const lazy = subjects.yumops.filter(({ name }) => name.includes('attribution'));
const core = subjects.yumops.filter((file) => !lazy.includes(file));

/** Notes how long each part takes that is left for later. */
const WATCH = `globalThis.parts = [];
  for (const name of ['setTimeout', 'requestIdleCallback']) {
    const later = globalThis[name];
    globalThis[name] = (part, given) => later((deadline) => {
      const before = performance.now(); part(deadline); parts.push(performance.now() - before); }, given);
  }`;
/** The start of the vitals and each of the five, page load, long frames; two wishes for an idle moment and what is done in them. */
const PARTS = 12;

const server = createServer((request, response) => {
  const [, subject, name] = (request.url ?? '').split('/');
  const file = subjects[subject]?.find((one) => one.name === `/${name}`);
  if (file) response.setHeader('content-type', 'text/javascript').end(file.bytes);
  else if (subject in subjects) {
    response
      .setHeader('content-type', 'text/html')
      .end(`<!doctype html><title>x</title><h1>Menu</h1><script type="module" src="/${subject}/app.js"></script>`);
  } else response.writeHead(204).end();
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${server.address().port}/`;
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});

/** Time of the trace's events of these names in the page's renderer, milliseconds. */
const spent = (events, names) =>
  events.reduce((sum, { name, dur = 0 }) => sum + (names.includes(name) ? dur / 1_000 : 0), 0);

/** One visit of a page that nobody has seen. */
async function visit(subject, rate) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.addInitScript(WATCH);
  const session = await context.newCDPSession(page);
  const events = [];
  session.on('Tracing.dataCollected', ({ value }) => events.push(...value));
  const traced = new Promise((resolve) => session.once('Tracing.tracingComplete', resolve));
  await session.send('Tracing.start', { traceConfig: { includedCategories: ['devtools.timeline', 'v8'] } });
  await session.send('Emulation.setCPUThrottlingRate', { rate });
  await page.goto(url + subject);
  await page.waitForFunction('globalThis.begin !== undefined');
  await session.send('Tracing.end');
  await traced;
  const initMs = await page.evaluate(
    '(() => { const t = performance.now(); begin(); return performance.now() - t; })()',
  );
  if (subject === 'yumops') await page.waitForFunction(`parts.length >= ${PARTS}`);
  const parts = await page.evaluate('parts');
  await context.close();
  const ofScript = events.filter(({ args }) => JSON.stringify(args ?? {}).includes('/app.js'));
  return {
    scriptMs: spent(ofScript, ['v8.compileModule', 'v8.evaluateModule', 'EvaluateScript']),
    initMs,
    longestPartMs: Math.max(0, ...parts),
  };
}

const summary = (values) => {
  const sorted = values.toSorted((a, b) => a - b);
  const tenths = (value) => Number(value.toFixed(1));
  return { best: tenths(sorted[0]), p50: tenths(sorted[sorted.length >> 1]), worst: tenths(sorted.at(-1)) };
};
const start = {};
for (const rate of [1, SLOWER]) {
  const visits = Object.fromEntries(Object.keys(subjects).map((name) => [name, []]));
  for (let i = -1; i < REPEATS; i++) {
    for (const name of Object.keys(subjects)) {
      const measured = await visit(name, rate);
      if (i >= 0) visits[name].push(measured);
    }
  }
  start[`slowed ${rate}`] = Object.fromEntries(
    Object.entries(visits).map(([name, all]) => [
      name,
      Object.fromEntries(
        ['scriptMs', 'initMs', 'longestPartMs'].map((what) => [what, summary(all.map((one) => one[what]))]),
      ),
    ]),
  );
}
await browser.close();
server.close();
const report = {
  ...{ bench: 'browser', at: new Date().toISOString(), cpu: cpus()[0]?.model, load: loadavg()[0] },
  ...{ chromium: browser.version(), repeats: REPEATS },
  ...{ coreGzip: gzipped(core), lazyGzip: gzipped(lazy), webVitalsGzip: gzipped(subjects['web-vitals']), start },
  goals: { coreGzip: 8 * 1024, initMs: 5 },
};
console.log(`${report.coreGzip} bytes of core, ${report.lazyGzip} lazy; web-vitals alone ${report.webVitalsGzip}`);
for (const [rate, bySubject] of Object.entries(start)) {
  console.log(`\n${rate} times, milliseconds: best / median / worst of ${REPEATS} (goal of init at ${SLOWER}: 5)`);
  console.table(
    Object.fromEntries(
      Object.entries(bySubject).map(([name, what]) => [
        name,
        Object.fromEntries(
          Object.entries(what).map(([key, { best, p50, worst }]) => [key, `${best} / ${p50} / ${worst}`]),
        ),
      ]),
    ),
  );
}
await mkdir(new URL('../results/', import.meta.url), { recursive: true });
await writeFile(new URL('../results/browser.json', import.meta.url), `${JSON.stringify(report, null, 2)}\n`);
