// One journey in a process of its own: told its job by one message, answers with one, and ends.
import { lookup } from 'node:dns/promises';
import { writeFile } from 'node:fs/promises';
import module from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { systemClock } from '../lib/clock.ts';
import { formatDuration } from '../lib/duration.ts';
import { messageOf } from '../lib/errors.ts';
import { isAllowed } from '../observe/uptime/index.ts';
import { type GuardedProxy, startGuardedProxy } from './guarded-proxy.ts';
import type { JourneyJob, JourneyReport } from './runner.ts';

type Journey = (parts: { page: Page; context: BrowserContext }) => Promise<unknown>;

process.once('message', (job: JourneyJob) => {
  run(job)
    .catch((error: unknown): JourneyReport => {
      return { kind: 'impossible', message: oneLine(error), hint: 'Look at the script and at the browser.' };
    })
    .then((outcome) => process.send?.(outcome, () => process.exit()));
});
process.once('disconnect', () => process.exit());

async function run(job: JourneyJob): Promise<JourneyReport> {
  const journey = await load(job.script, job.home);
  const env = { HOME: job.home, PATH: '/usr/bin:/bin' };
  const proxy = await startGuardedProxy({ isAllowed: (address) => isAllowed(address, job.allowPrivate) });
  const browser = await chromium.launch({
    executablePath: job.browser,
    env,
    // Playwright sends loopback addresses through it too.
    proxy: { server: proxy.url },
    args: ['--force-webrtc-ip-handling-policy=disable_non_proxied_udp'],
  });
  try {
    const context = await browser.newContext();
    await context.route('**/*', async (route) => {
      const host = bareHost(new URL(route.request().url()).hostname);
      if (await mayCall(host, job)) await route.continue();
      else await route.abort('accessdenied');
    });
    await context.tracing.start({ screenshots: true, snapshots: true });
    const page = await context.newPage();
    page.setDefaultTimeout(Math.max(1, job.timeoutMs - reserveMs(job.timeoutMs)));
    try {
      await Promise.race([journey({ page, context }), tooLong(job)]);
      return { kind: 'done' };
    } catch (error) {
      const lost = [...(await picture(page, job)), ...(await record(context, job))];
      return { kind: 'failed', message: explain(oneLine(error), proxy), url: page.url(), lost };
    }
  } finally {
    await browser.close();
    proxy.close();
  }
}

/** Kept of the time for the picture of a failure and its trace. */
const reserveMs = (timeoutMs: number) => Math.max(PICTURE_MS, timeoutMs / 4);
const PICTURE_MS = 2_000;

/** Fails a journey that hangs while there is still time for a picture of where it hangs. */
async function tooLong({ timeoutMs, startedAt }: JourneyJob): Promise<never> {
  const spent = Math.max(0, systemClock.now() - startedAt);
  await systemClock.sleep(Math.max(1, timeoutMs - reserveMs(timeoutMs) - spent));
  throw new Error(`It did not end within ${formatDuration(timeoutMs)}`);
}

/** @returns why there is no picture, if there is none */
async function picture(page: Page, { screenshot }: JourneyJob): Promise<string[]> {
  try {
    await page.screenshot({ path: screenshot, timeout: PICTURE_MS });
    return [];
  } catch (error) {
    return [`No picture could be taken: ${oneLine(error)}.`];
  }
}

/** What happened until the failure, for Playwright's trace viewer. @returns why there is none, if there is none */
async function record(context: BrowserContext, { trace }: JourneyJob): Promise<string[]> {
  try {
    await context.tracing.stop({ path: trace });
    return [];
  } catch (error) {
    return [`No trace could be written: ${oneLine(error)}.`];
  }
}

const bareHost = (hostname: string) => hostname.replace(/^\[|\]$/g, '');

/** Says of a refused host early and plainly what the proxy would refuse; what cannot be resolved is left to it. */
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

/** The browser says of each host that the proxy does not reach that the proxy failed; the proxy knows why. */
function explain(message: string, proxy: GuardedProxy): string {
  return message.replace(/ERR_SOCKS_CONNECTION_FAILED at (\S+)/, (said, address: string) => {
    const { hostname, port, protocol } = new URL(address);
    const failure = proxy.failureOf(bareHost(hostname), Number(port) || (protocol === 'https:' ? 443 : 80));
    return failure === undefined ? said : `${failure} at ${address}`;
  });
}

function oneLine(error: unknown): string {
  const text = messageOf(error).split('\n')[0] ?? '';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours of the terminal are such characters.
  return text.replace(/\u001b\[\d+m/g, '').slice(0, 300);
}
