// One journey in a process of its own: told its job by one message, answers with one, and ends.
import { lookup } from 'node:dns/promises';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import module from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { messageOf } from '../lib/errors.ts';
import { isAllowed, type JourneyOutcome } from '../observe/uptime/index.ts';
import type { JourneyJob } from './runner.ts';

type Journey = (parts: { page: Page; context: BrowserContext }) => Promise<unknown>;

process.once('message', (job: JourneyJob) => {
  run(job)
    .catch((error: unknown): JourneyOutcome => {
      return { kind: 'impossible', message: oneLine(error), hint: 'Look at the script and at the browser.' };
    })
    .then((outcome) => process.send?.(outcome, () => process.exit()));
});
process.once('disconnect', () => process.exit());

async function run(job: JourneyJob): Promise<JourneyOutcome> {
  const home = await mkdtemp(join(tmpdir(), 'yumops-journey-'));
  const browser = await chromium.launch({ executablePath: job.browser, env: { HOME: home, PATH: '/usr/bin:/bin' } });
  try {
    const journey = await load(job.script, home);
    const context = await browser.newContext();
    await context.route('**/*', async (route) => {
      const host = new URL(route.request().url()).hostname.replace(/^\[|\]$/g, '');
      if (await mayCall(host, job)) await route.continue();
      else await route.abort('accessdenied');
    });
    await context.tracing.start({ screenshots: true, snapshots: true });
    const page = await context.newPage();
    page.setDefaultTimeout(Math.max(1, job.timeoutMs - PICTURE_MS));
    try {
      await journey({ page, context });
      return { kind: 'done' };
    } catch (error) {
      const screenshot = await picture(page, job);
      const trace = await record(context, job);
      return { kind: 'failed', message: oneLine(error), url: page.url(), screenshot, trace };
    }
  } finally {
    await browser.close();
    await rm(home, { recursive: true, force: true });
  }
}

/** Kept of the time for the picture of a failure. */
const PICTURE_MS = 2_000;

async function picture(page: Page, { screenshot }: JourneyJob): Promise<string | null> {
  try {
    await page.screenshot({ path: screenshot, timeout: PICTURE_MS });
    return screenshot;
  } catch {
    return null;
  }
}

/** What happened until the failure, for Playwright's trace viewer. */
async function record(context: BrowserContext, { trace }: JourneyJob): Promise<string | null> {
  try {
    await context.tracing.stop({ path: trace });
    return trace;
  } catch {
    return null;
  }
}

/** A host whose addresses are all refused is not called. */
async function mayCall(host: string, { allowPrivate }: JourneyJob): Promise<boolean> {
  if (host === '') return true;
  try {
    const addresses = await lookup(host, { all: true });
    return addresses.every(({ address }) => isAllowed(address, allowPrivate));
  } catch {
    return true;
  }
}

/** Node strips the types of a script from version 22 on; before, a script must be plain JavaScript. */
async function load(script: string, home: string): Promise<Journey> {
  const strip = (module as { stripTypeScriptTypes?: (text: string) => string }).stripTypeScriptTypes;
  const file = join(home, 'journey.mjs');
  await writeFile(file, strip ? strip(script) : script);
  const { default: journey } = (await import(pathToFileURL(file).href)) as { default?: unknown };
  if (typeof journey !== 'function') throw new Error('The script has no default export that is a function');
  return journey as Journey;
}

function oneLine(error: unknown): string {
  const text = messageOf(error).split('\n')[0] ?? '';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours of the terminal are such characters.
  return text.replace(/\u001b\[\d+m/g, '').slice(0, 300);
}
