import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import type { ErrorEventDetail } from '@yumops/protocol';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestState, startTestTelemetry, type TestState, type TestTelemetry } from '../engines.ts';
import { PUBLIC_KEY, SERVER_KEY, type SentryRig, startSentryRig } from '../support/sentry-rig.ts';
import { installSdks } from './sdks/install.ts';

/** An app of Next.js with the official SDK as its documentation sets it up; only the addresses are ours. */
const APP: Record<string, string> = {
  'next.config.mjs': `
import { withSentryConfig } from '@sentry/nextjs/config';
export default withSentryConfig({ turbopack: { root: process.env.SDKS }, typescript: { ignoreBuildErrors: true } }, {
  org: 'yum', project: '7', sentryUrl: process.env.SENTRY_URL, authToken: 'any-token-of-an-operator',
  release: { name: 'next@5.0.0' }, silent: true, telemetry: false,
});`,
  'instrumentation.js': `
import * as Sentry from '@sentry/nextjs';
export async function register() {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return;
  Sentry.init({ dsn: process.env.SENTRY_DSN, environment: 'production', release: 'next@5.0.0', tracesSampleRate: 1 });
}
export const onRequestError = Sentry.captureRequestError;`,
  'instrumentation-client.js': `
import * as Sentry from '@sentry/nextjs';
Sentry.init({ dsn: process.env.NEXT_PUBLIC_SENTRY_DSN, environment: 'production', release: 'next@5.0.0', tracesSampleRate: 1 });
export const onRouterTransitionStart = Sentry.captureRouterTransitionStart;`,
  'app/layout.js': `
export const dynamic = 'force-dynamic';
export default function Layout({ children }) { return <html lang="en"><body>{children}</body></html>; }`,
  'app/page.js': `
'use client';
import { totalOf } from '../lib/cart';
export default function Page() { return <button type="button" onClick={() => console.log(totalOf([{ count: 2 }]))}>Pay</button>; }`,
  'lib/cart.js': `
export function totalOf(lines) {
  let sum = 0;
  for (const line of lines) sum += line.price.toFixed(2).length * line.count;
  return sum;
}`,
  'app/api/orders/[id]/route.js': `
export async function GET(request, { params }) {
  const { id } = await params;
  throw new RangeError('no order ' + id);
}`,
};

let store: TestTelemetry;
let state: TestState;
let rig: SentryRig;
let folder: string;
let server: ChildProcess;
let site: string;
let browser: Browser;

beforeAll(async () => {
  const [sdks, telemetry, db] = await Promise.all([installSdks('next'), startTestTelemetry(), startTestState()]);
  [store, state] = [telemetry, db];
  rig = await startSentryRig(store.telemetry, state.db);
  folder = await mkdtemp(join(sdks, 'app-'));
  for (const [name, text] of Object.entries(APP)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text.trimStart());
  }
  const dsn = (key: string) => `${rig.url.replace('://', `://${key}@`)}/7`;
  const env = {
    ...process.env,
    ...{ SDKS: sdks, SENTRY_URL: rig.url, SENTRY_DSN: dsn(SERVER_KEY), NEXT_PUBLIC_SENTRY_DSN: dsn(PUBLIC_KEY) },
    ...{ NODE_ENV: 'production' as const, NEXT_TELEMETRY_DISABLED: '1', CI: '1' },
  };
  const next = join(sdks, 'node_modules', 'next', 'dist', 'bin', 'next');
  await promisify(execFile)(process.execPath, [next, 'build'], { cwd: folder, env });
  server = spawn(process.execPath, [next, 'start', '-H', '127.0.0.1', '-p', '0'], {
    ...{ cwd: folder, env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  site = await new Promise<string>((resolve, reject) => {
    server.once('exit', (code) => reject(new Error(`next start ended with ${code}`)));
    createInterface({ input: server.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      const url = /(http:\/\/127\.0\.0\.1:\d+)/.exec(line)?.[1];
      if (url) resolve(url);
    });
  });
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox'],
  });
}, 400_000);

afterAll(async () => {
  await browser?.close();
  if (server?.exitCode === null) {
    const gone = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGKILL');
    await gone;
  }
  await rig?.stop();
  await store?.stop();
  await state?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

it('an error of a route handler arrives with its route, and the request as a span', async () => {
  expect((await fetch(`${site}/api/orders/42`)).status).toBe(500);
  const [error] = await rig.rows("SELECT * FROM error_events WHERE message = 'no order 42'");
  expect(error).toMatchObject({ type: 'RangeError', release: 'next@5.0.0', environment: 'production' });
  const [span] = await rig.rows("SELECT * FROM spans WHERE isRoot AND name LIKE '%/api/orders/%'");
  expect(span).toMatchObject({ release: 'next@5.0.0' });
});

it('an error of a page is shown as it was written, by the maps that the build uploaded', async () => {
  const page = await browser.newPage();
  await page.goto(site);
  await page.waitForLoadState('networkidle');
  await page.getByRole('button', { name: 'Pay' }).click();
  const [row] = await rig.rows<{ eventId: string }>("SELECT eventId FROM error_events WHERE message LIKE '%toFixed%'");
  const event = await rig.get<ErrorEventDetail>(`/api/v1/events/${row?.eventId}`);
  expect(event.frames.at(-1)).toMatchObject({ filename: expect.stringMatching(/lib\/cart\.js$/), function: 'totalOf' });
  expect(event.frames.at(-1)?.context_line).toContain('line.price.toFixed(2)');
  await page.close({ runBeforeUnload: true });
  await rig.rows("SELECT 1 FROM spans WHERE op = 'pageload' AND release = 'next@5.0.0'");
});
