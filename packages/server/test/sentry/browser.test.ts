import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ErrorEventDetail } from '@yumops/protocol';
import { build } from 'esbuild';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestState, startTestTelemetry, type TestState, type TestTelemetry } from '../engines.ts';
import { PUBLIC_KEY, type SentryRig, startSentryRig } from '../support/sentry-rig.ts';
import { installSdks } from './sdks/install.ts';

let store: TestTelemetry;
let state: TestState;
let rig: SentryRig;
let sdks: string;
let folder: string;
let site: { server: Server; url: string };
let browser: Browser;

const CART = `
export interface Line { price: number; count: number }

export function totalOf(lines: Line[]): number {
  let sum = 0;
  for (const line of lines) {
    sum += line.price.toFixed(2).length * line.count;
  }
  return sum;
}
`;

/** Versions of the browser SDK that teams run; the first uploads its maps. */
const VERSIONS = [11, 10, 8] as const;

const mainSource = (version: number, dsn: string) => `
import * as Sentry from 'sentry-browser-${version}';
import { totalOf } from './cart';

Sentry.init({
  dsn: ${JSON.stringify(dsn)},
  release: 'web@${version === VERSIONS[0] ? '3.0.0' : `${version}.0.0`}',
  environment: 'production',
  tracesSampleRate: 1,
  integrations: [Sentry.browserTracingIntegration()],
});
Sentry.setUser({ id: 'visitor-1' });

function pay() {
  console.log(totalOf([{ count: 2 } as never]));
}
document.getElementById('pay')?.addEventListener('click', pay);
`;

beforeAll(async () => {
  [sdks, store, state] = await Promise.all([installSdks(), startTestTelemetry(), startTestState()]);
  rig = await startSentryRig(store.telemetry, state.db);
  folder = await mkdtemp(join(tmpdir(), 'yumops-test-site-'));
  await buildSite();
  site = await serve(join(folder, 'dist'));
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox'],
  });
}, 400_000);

afterAll(async () => {
  await browser?.close();
  site?.server.close();
  await rig?.stop();
  await store?.stop();
  await state?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

async function buildSite(): Promise<void> {
  const dsn = `${rig.url.replace('://', `://${PUBLIC_KEY}@`)}/7`;
  await mkdir(join(folder, 'src'));
  await writeFile(join(folder, 'src', 'cart.ts'), CART);
  const entries = VERSIONS.map((version) => ({
    out: version === VERSIONS[0] ? 'main' : `sdk-${version}`,
    in: join(folder, 'src', version === VERSIONS[0] ? 'main.ts' : `sdk-${version}.ts`),
    source: mainSource(version, dsn),
  }));
  for (const entry of entries) await writeFile(entry.in, entry.source);
  await build({
    entryPoints: entries.map(({ in: from, out }) => ({ in: from, out })),
    bundle: true,
    minify: true,
    sourcemap: true,
    format: 'iife',
    entryNames: '[name]-[hash]',
    outdir: join(folder, 'dist'),
    nodePaths: [join(sdks, 'node_modules')],
    logLevel: 'error',
  });
}

/** Runs the official uploader against the platform. */
function sentryCli(...args: string[]) {
  const cli = join(sdks, 'node_modules', '@sentry', `cli-${process.platform}-${process.arch}`, 'bin', 'sentry-cli');
  const env = {
    ...process.env,
    SENTRY_URL: rig.url,
    SENTRY_AUTH_TOKEN: 'any-token-of-an-operator',
    SENTRY_ORG: 'yum',
    SENTRY_PROJECT: '7',
  };
  return promisify(execFile)(cli, args, { env, cwd: folder });
}

const pageOf = (script: string) =>
  `<!doctype html><title>shop</title><button id="pay">Pay</button><script src="/${script}"></script>`;

/** Serves the site without its maps: they are nobody's business but ours. */
async function serve(dist: string): Promise<typeof site> {
  const scripts = (await readdir(dist)).filter((name) => name.endsWith('.js'));
  const server = createServer(async (request, response) => {
    const path = (request.url ?? '/').slice(1);
    if (scripts.includes(path)) response.end(await readFile(join(dist, path)));
    else {
      const script = scripts.find((name) => name.startsWith(`${path || 'main'}-`));
      if (script === undefined) response.writeHead(404).end();
      else response.setHeader('content-type', 'text/html').end(pageOf(script));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

it('a minified error of a browser is shown as it was written, after sentry-cli uploaded the maps by debug id', async () => {
  await sentryCli('sourcemaps', 'inject', 'dist');
  const uploaded = await sentryCli('sourcemaps', 'upload', 'dist');
  expect(uploaded.stdout + uploaded.stderr).toMatch(/upload/i);
  await sentryCli('releases', 'new', 'web@3.0.0');
  await sentryCli('releases', 'finalize', 'web@3.0.0');
  await sentryCli('deploys', 'new', '--release', 'web@3.0.0', '-e', 'production');
  const page = await browser.newPage();
  await page.goto(site.url);
  await page.click('#pay');
  const [row] = await rig.rows<{ eventId: string; groupId: string }>(
    "SELECT eventId, groupId FROM error_events WHERE release = 'web@3.0.0'",
  );
  const event = await rig.get<ErrorEventDetail>(`/api/v1/events/${row?.eventId}`);
  expect(event).toMatchObject({ type: 'TypeError', user: { id: 'visitor-1' }, environment: 'production' });
  expect(event.message).toContain("reading 'toFixed'");
  const thrown = event.frames.at(-1);
  const line = CART.split('\n').findIndex((text) => text.includes('toFixed')) + 1;
  expect(thrown).toMatchObject({ filename: 'src/cart.ts', function: 'totalOf', lineno: line });
  expect(thrown?.context_line).toContain('line.price.toFixed(2)');
  expect(event.frames.some((frame) => frame.filename === 'src/main.ts' && frame.function === 'pay')).toBe(true);
  expect(event.breadcrumbs.length).toBeGreaterThan(0);
  const [release] = await state.db.query<{ finalized_at: Date; deploys: number }>(
    "SELECT finalized_at, (SELECT count(*)::int FROM deploys d WHERE d.version = r.version) AS deploys FROM releases r WHERE version = 'web@3.0.0'",
  );
  expect([release?.deploys, release?.finalized_at instanceof Date]).toEqual([1, true]);
});

it('the load of the page is a trace, and the visit a session, also when the page closes at once', async () => {
  const page = await browser.newPage();
  await page.goto(site.url);
  await page.close({ runBeforeUnload: true });
  const [span] = await rig.rows("SELECT * FROM spans WHERE op = 'pageload' AND release = 'web@3.0.0'");
  expect(span).toMatchObject({ release: 'web@3.0.0', isRoot: true });
  await rig.rows("SELECT * FROM sessions WHERE release = 'web@3.0.0'");
});

it.each(VERSIONS.slice(1))(
  'version %d of the SDK: the error with its user, the trace of the page and the visit',
  async (version) => {
    const release = `web@${version}.0.0`;
    const page = await browser.newPage();
    await page.goto(`${site.url}sdk-${version}`);
    await page.click('#pay');
    const [error] = await rig.rows('SELECT * FROM error_events WHERE release = {release:String}', { release });
    expect(error).toMatchObject({ type: 'TypeError', userId: 'visitor-1', environment: 'production', handled: false });
    expect(String(error?.['message'])).toContain("reading 'toFixed'");
    expect(JSON.parse(String(error?.['exception'])).values[0].stacktrace.frames.length).toBeGreaterThan(0);
    await page.close({ runBeforeUnload: true });
    const [span] = await rig.rows("SELECT * FROM spans WHERE op = 'pageload' AND release = {release:String}", {
      release,
    });
    expect(span).toMatchObject({ isRoot: true, environment: 'production' });
    await rig.rows('SELECT * FROM sessions WHERE release = {release:String}', { release });
  },
  60_000,
);
