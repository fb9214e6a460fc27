import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { type Fixture, startFixture } from './fixture/server.ts';

const require = createRequire(import.meta.url);
/** The console as it is served; the test run brings it up to date before the first test. */
const BUILT = fileURLToPath(new URL('../../server/public', import.meta.url));
const axeSource = await readFile(require.resolve('axe-core/axe.min.js'), 'utf8');

/** The built console in a real browser, before an API of the real shapes. */
export interface Bench {
  fixture: Fixture;
  browser: Browser;
  close(): Promise<void>;
}

export async function openBench(): Promise<Bench> {
  const fixture = await startFixture({ folder: BUILT });
  const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  return {
    fixture,
    browser,
    async close() {
      await browser.close();
      await fixture.close();
    },
  };
}

export interface Visit {
  page: Page;
  context: BrowserContext;
  /** Refusals by the content security policy, exceptions and console errors. */
  faults: string[];
}

export interface VisitOptions {
  theme?: 'light' | 'dark';
  signedIn?: boolean;
  width?: number;
  height?: number;
  /** For a page that goes to many addresses and is judged at each: axe-core is brought once, not to every document. */
  judged?: boolean;
}

/** Opens a fresh browser profile; nothing is kept from another test. */
export async function visit(bench: Bench, path: string, options: VisitOptions = {}): Promise<Visit> {
  const { theme = 'light', signedIn = true, width = 1440, height = 900, judged = false } = options;
  const context = await bench.browser.newContext({
    colorScheme: theme,
    viewport: { width, height },
    reducedMotion: 'reduce',
  });
  if (signedIn) await context.addCookies([{ name: 'session', value: '1', url: bench.fixture.url }]);
  context.setDefaultTimeout(30_000);
  if (judged) await context.addInitScript(axeSource);
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    const expected = /Failed to load resource/.test(message.text());
    if (message.type() === 'error' && !expected) faults.push(message.text());
  });
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      console.error(`refused by policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
    });
  });
  await page.goto(bench.fixture.url + path);
  return { page, context, faults };
}

/** Findings of axe-core, one line each: of all rules, or of those named. */
export async function axeFindings(page: Page, rules: readonly string[] = []): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axeSource);
  return page.evaluate(async (only) => {
    const axe = Reflect.get(window, 'axe') as Axe;
    const { violations } = await axe.run({
      resultTypes: ['violations'],
      ...(only.length > 0 && { runOnly: { type: 'rule', values: only } }),
    });
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary}`),
    );
  }, rules);
}

/** As much of axe-core as is used here. */
interface Axe {
  run(options: object): Promise<{
    violations: { id: string; nodes: { target: string[]; failureSummary: string }[] }[];
  }>;
}
