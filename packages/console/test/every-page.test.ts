import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { pageGroups } from '../src/app/navigation.ts';
import { axeFindings, type Bench, openBench, visit } from './browser.ts';

/** A stretch of time, as a report links to it. */
const WEEK = 'from=2026-11-16T00:00:00.000Z&to=2026-11-23T00:00:00.000Z';

/** Every page and view, with a text that shows that its data is there. */
const PAGES: readonly [name: string, path: string, shows: string][] = [
  ['overview', '/', 'YumZoom is degraded'],
  ['uptime', '/uptime', 'API Health Check'],
  ['uptime with drawer', '/uptime?monitor=api-health', 'Start of the body'],
  ['probes', '/uptime?view=probes', 'takes none: ENOSPC'],
  ['form of a monitor', '/uptime?do=add&kind=heartbeat', 'Or a cron expression'],
  ['edit of a monitor', '/uptime?monitor=dashboard&do=edit', 'Bearer token'],
  ['monitor', '/uptime/detailed', 'Checks of the report'],
  ['monitor with a picture', '/uptime/api-health', 'Download the trace'],
  ['logs', '/logs', 'Unhandled error while rating'],
  ['logs with drawer', '/logs?row=row-00003', 'restaurant.city'],
  ['log line', '/logs/row-00003', 'restaurant.city'],
  ['patterns', '/logs?view=patterns', 'in 1,000 lines'],
  ['sql', '/logs?view=sql&sql=select+1', '24 rows'],
  ['errors', '/errors', 'ChunkLoadError'],
  ['releases', '/errors?view=releases', 'Without a crash'],
  ['not received', '/errors?view=losses', 'order placed'],
  ['error', '/errors/e1', 'What came before'],
  ['alerts', '/alerts', 'Nobody is told'],
  ['alert', '/alerts/al-1', 'Equivalent query'],
  ['alert history', '/alerts?view=history', 'lasted'],
  ['alerts of a week', `/alerts?view=history&${WEEK}`, 'Began to fire'],
  ['uptime of a week', `/uptime?${WEEK}`, 'Availability then'],
  ['rules', '/alerts?view=rules&rule=High+Error+Rate', 'Equivalent query'],
  ['rule', '/alerts/rules/High%20Error%20Rate', 'Would have fired'],
  ['silences', '/alerts?view=silences', 'vendor outage'],
  ['silence form', '/alerts?view=silences&do=silence&matchers=service%3D%22yumzoom%22', 'Mutes 1 alert'],
  ['deliveries', '/alerts?view=deliveries', '502 Bad Gateway'],
  ['objectives', '/objectives', 'Burns too fast'],
  ['objective with other numbers', '/objectives?slo=orders&target=99.5&window=7d', 'pages after'],
  ['incidents', '/incidents', 'Restore without Sam'],
  ['incidents that are over', '/incidents?view=ended', 'Search answers slowly'],
  ['incident figures', '/incidents?view=figures', 'Time to acknowledge'],
  ['incident declared', '/incidents?do=declare&alert=al-1', 'What is known so far'],
  ['incident', '/incidents/in-1', 'step 2 tells'],
  ['incident moved', '/incidents/in-1?do=move&to=resolved', 'Why, in a sentence'],
  ['incident edited', '/incidents/in-1?do=edit', 'When the fault began'],
  ['incident impact', '/incidents/in-1?view=impact', 'Around the end'],
  ['incident evidence', '/incidents/in-1?view=evidence&evidence=logs', 'Order refused'],
  ['postmortem', '/incidents/in-1?view=postmortem', 'Draft from the timeline'],
  ['runbooks', '/runbooks', 'Undo the change first'],
  ['runbook', '/runbooks?runbook=high-error-rate', 'takes its place'],
  ['procedures', '/runbooks?view=procedures&run=c-2', 'What came of it'],
  ['procedure begun', '/runbooks?view=procedures&runbook=deploy&do=begin', 'Alerts wait meanwhile'],
  ['status page', '/status-page', 'Orders is not available'],
  ['status post', '/status-page?post=p-1', 'Publish the update'],
  ['status draft', '/status-page?post=p-2', 'Throw away'],
  ['status report', '/status-page?do=report', 'Publish at once'],
  ['status plan', '/status-page?do=plan', 'From, your time'],
  ['on-call', '/on-call?at=2026-11-28T12:00:00Z', 'Nobody for'],
  ['on-call as a list', '/on-call?view=list&span=month', 'Nobody for'],
  ['override', '/on-call?do=override', 'For example'],
  ['database', '/database', 'usable connections are taken'],
  ['database statements', '/database?view=queries&query=7', 'Seq Scan on restaurants'],
  ['database waits', '/database?view=waits', 'waits for the disk'],
  ['database changes', '/database?view=changes', 'ratings_user_idx'],
  ['database sessions', '/database?view=activity', 'idle in transaction'],
  ['end of a session', '/database?view=activity&session=4711', 'Terminate the session'],
  ['database connections', '/database?view=connections&by=user', 'gives no name'],
  ['database server', '/database?view=server', 'Write-ahead log'],
  ['database tables', '/database?view=tables', 'public.ratings'],
  ['database indexes', '/database?view=indexes', 'not valid'],
  ['maintenance', '/database?view=maintenance&run=m-2', 'Postgres skipped it'],
  ['traces', '/traces', 'What takes time'],
  ['trace', '/traces/5b8efff798038103d269b633813fc60c?span=a2', 'db.system'],
  ['trace without spans', '/traces/0af7651916cd43dd8448eb211c80319c', 'No span of this trace'],
  ['trace with another span', '/traces/5b8efff798038103d269b633813fc60c?span=ff', 'Span ff was not received'],
  ['users', '/users', 'No clear difference'],
  ['analyses', '/analyses?range=24h', 'of the step before'],
  ['backups', '/backups', 'recovered in'],
  ['one-off backup', '/backups?do=schemas&plan=nightly', 'Schemas, one a line'],
  ['backup with drawer', '/backups?backup=nightly-3&restore=table&of=public.ratings', '--table public.ratings'],
  ['security', '/security', 'may have been taken over'],
  ['attack', '/security?detection=d2', 'Accounts, the newest'],
  ['blocks', '/security?view=blocks', 'seen at a partner'],
  ['block form', '/security?view=blocks&do=block', 'For how long'],
  ['sources', '/security?view=sources', 'Sources by network'],
  ['timeline', '/security?view=events&ip=203.0.113.9', 'Timeline'],
  ['findings', '/security?view=findings', 'minimist 0.0.8'],
  ['finding', '/security?view=findings&finding=f1', 'What was seen'],
  ['accepted findings', '/security?view=findings&state=accepted&finding=f4', 'new header of March'],
  ['accept form', '/security?view=findings&finding=f1&do=accept', 'Why that is fine'],
  ['scans', '/security?view=scans', '1 new'],
  ['scan report', '/security?view=scans&scan=a1', 'What was looked at'],
  ['jobs', '/jobs', 'Restore the newest backup'],
  ['jobs of a week', `/jobs?${WEEK}`, '14 tables analysed'],
  ['job with a run', '/jobs?job=weekly-scan&run=r-2', 'Set an offline advisory file'],
  ['reports', '/reports', 'is slower'],
  ['report made', '/reports?do=make', 'only keep it'],
  ['report', '/reports/rp-1', 'by the rule'],
  ['scaling', '/scaling?figure=telemetry%3Alogs%3Arow', 'at its limit in 19 days'],
  ['scaling of a resource', '/scaling?resource=traffic', 'nobody knows what the application bears'],
  ['inbox', '/inbox', 'CRITICAL · High Error Rate'],
  ['settings', '/settings', 'Current password'],
  ['contact methods', '/settings?view=contact', 'nothing is sent there'],
  ['new contact method', '/settings?view=contact&do=address', 'A code goes there next'],
  ['confirmation', '/settings?view=contact&do=confirm&method=sms/%2B442071838751', 'Six digits go to you'],
  ['accounts', '/settings?view=people', 'linus@yumzoom.com'],
  ['tokens', '/settings?view=tokens', 'old deploy script'],
  ['new token', '/settings?view=tokens&do=token', 'What it is for'],
  ['ingest keys', '/settings?view=keys', 'web shop, browser'],
  ['new ingest key', '/settings?view=keys&do=key', 'Who sends'],
  ['audit log', '/settings?view=audit', 'search_logs'],
];

const DATABASE = [
  '/database',
  '/database?view=queries',
  '/database?view=waits',
  '/database?view=changes',
  '/database?view=activity',
  '/database?view=connections',
  '/database?view=server',
  '/database?view=maintenance',
];

let bench: Bench;

beforeAll(async () => {
  bench = await openBench();
});

/** Nothing on the page still waits for its data. */
async function loaded(page: Page): Promise<void> {
  await expect.poll(() => page.locator('.loading').count()).toBe(0);
}

afterAll(async () => {
  await bench.close();
});

/** The themes differ in colours alone: the second needs only the rule about those. */
async function findingsOfBothThemes(page: Page): Promise<string[]> {
  await page.emulateMedia({ colorScheme: 'light' });
  const light = await axeFindings(page);
  await page.emulateMedia({ colorScheme: 'dark' });
  const dark = await axeFindings(page, ['color-contrast']);
  return [...light, ...dark.map((finding) => `dark: ${finding}`)];
}

/** Tabs that are looked through at a time: while one waits for its page, the other is judged. */
const TABS = 2;

it('has no accessibility finding in either theme and no refused resource on any page', async () => {
  const waiting = PAGES.values();
  const lookThrough = async () => {
    const { page, context, faults } = await visit(bench, '/favicon.svg', { judged: true });
    const findings: string[] = [];
    for (const [name, path, shows] of waiting) {
      await page.goto(bench.fixture.url + path);
      await page.getByText(new RegExp(shows, 'i')).first().waitFor();
      await loaded(page);
      findings.push(...(await findingsOfBothThemes(page)).map((finding) => `${name}: ${finding}`));
    }
    await context.close();
    return { findings, faults };
  };
  const seen = await Promise.all(Array.from({ length: TABS }, lookThrough));
  expect(seen.flatMap(({ findings }) => findings)).toEqual([]);
  expect(seen.flatMap(({ faults }) => faults)).toEqual([]);
  expect(bench.fixture.unexpected).toEqual([]);
}, 300_000);

it('shows what a failed check recorded, on the page of the monitor and beside the list', async () => {
  for (const width of [1440, 390]) {
    const { page, context, faults } = await visit(bench, '/', { width, height: 900 });
    for (const path of ['/uptime/api-health', '/uptime?monitor=api-health']) {
      await page.goto(bench.fixture.url + path);
      const picture = page.getByAltText('The page when the journey failed');
      await expect.poll(() => picture.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(0);
      expect(await page.getByRole('link', { name: 'Download the trace' }).getAttribute('href')).toMatch(
        /^\/api\/v1\/check-files\/[0-9a-f-]+\.zip$/,
      );
      await loaded(page);
      expect(await findingsOfBothThemes(page), path).toEqual([]);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      expect(overflow, `${path} scrolls sideways`).toBeLessThanOrEqual(0);
    }
    expect(faults).toEqual([]);
    await context.close();
  }
}, 120_000);

it('has none on the sign-in page, the palette and the key sheet', async () => {
  const { page, context, faults } = await visit(bench, '/sign-in', { signedIn: false });
  await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
  const findings = await findingsOfBothThemes(page);
  await context.addCookies([{ name: 'session', value: '1', url: bench.fixture.url }]);
  await page.goto(bench.fixture.url);
  await page.getByText('YumZoom is degraded').waitFor();
  await page.keyboard.press('Control+k');
  await page.getByRole('option', { name: 'API Health Check' }).waitFor();
  findings.push(...(await findingsOfBothThemes(page)));
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
  await page.keyboard.press('?');
  await page.getByText('Acknowledge the alert').waitFor();
  findings.push(...(await findingsOfBothThemes(page)));
  expect(findings).toEqual([]);
  expect(faults).toEqual([]);
  await context.close();
});

it('has no accessibility finding on a phone', async () => {
  const { page, context, faults } = await visit(bench, '/', { width: 390, height: 844, judged: true });
  for (const path of [
    '/',
    '/logs',
    '/alerts?alert=al-1',
    '/on-call?span=month',
    '/incidents',
    '/incidents/in-1',
    '/runbooks?runbook=high-error-rate',
    '/status-page?post=p-1',
    '/backups',
    '/backups?backup=nightly-4',
    '/jobs?job=nightly-backup',
    '/users',
    '/traces',
    '/analyses',
    '/logs?view=patterns',
    ...DATABASE,
  ]) {
    await page.goto(bench.fixture.url + path);
    await page
      .getByText(
        /YumZoom is degraded|recovered in|799,998 rows|Unhandled error|Equivalent query|Nobody for|Cancel this run|Cumulative layout|of the step before|forms in|What takes time|usable connections|Stop this run|SELECT count|4711|waits for the disk|gives no name|Write-ahead log|ratings_user_idx|Restore without Sam|step 2 tells|takes its place|Publish the update/,
      )
      .first()
      .waitFor();
    await loaded(page);
    expect(await axeFindings(page), path).toEqual([]);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(overflow, `${path} scrolls sideways`).toBeLessThanOrEqual(0);
  }
  expect(faults).toEqual([]);
  await context.close();
}, 120_000);

it('leads to every page on a phone, by thumb and by keyboard', async () => {
  const { page, context, faults } = await visit(bench, '/', { width: 360, height: 740 });
  const bar = page.getByRole('navigation', { name: 'Pages' });
  await page.getByText('YumZoom is degraded').waitFor();
  expect(await bar.getByRole('link').allTextContents()).toEqual([
    'Overview',
    expect.stringMatching(/^Alerts/),
    'Uptime',
    'Logs',
  ]);
  for (const place of await bar.locator('.rail-link').all()) {
    const box = await place.boundingBox();
    expect(Math.min(box?.width ?? 0, box?.height ?? 0)).toBeGreaterThanOrEqual(44);
  }
  const more = bar.getByRole('button', { name: /^More/ });
  await more.click();
  const sheet = page.getByRole('dialog', { name: 'More pages' });
  await sheet.waitFor();
  expect(await axeFindings(page)).toEqual([]);
  const links = await sheet.getByRole('link').allTextContents();
  const every = pageGroups({ demoInbox: true, everywhere: true }).flatMap(({ pages }) =>
    pages.map(({ label }) => label),
  );
  expect(links).toEqual(every.filter((label) => !['Overview', 'Alerts', 'Uptime', 'Logs'].includes(label)));
  await page.keyboard.press('Escape');
  await sheet.waitFor({ state: 'hidden' });
  await expect.poll(() => more.evaluate((button) => button === document.activeElement)).toBe(true);
  await page.keyboard.press('Enter');
  await sheet.getByRole('link', { name: 'Database' }).click();
  await page.getByText('usable connections are taken').waitFor();
  await sheet.waitFor({ state: 'hidden' });
  expect(await bar.getByRole('button').textContent()).toContain('now Database');
  const overflow = await bar.evaluate((element) => element.scrollWidth - element.clientWidth);
  expect(overflow).toBeLessThanOrEqual(0);
  await page.setViewportSize({ width: 1_280, height: 800 });
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Backups' }).waitFor();
  expect(faults).toEqual([]);
  await context.close();
});

it('brings the first page in at most 200 KB on the wire, all from its own origin', async () => {
  const { page, context } = await visit(bench, '/favicon.svg');
  const session = await context.newCDPSession(page);
  const sizes = new Map<string, number>();
  const urls = new Map<string, string>();
  await session.send('Network.enable');
  session.on('Network.requestWillBeSent', ({ requestId, request }) => urls.set(requestId, request.url));
  session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => sizes.set(requestId, encodedDataLength));
  await page.goto(bench.fixture.url);
  await page.getByText('YumZoom is degraded').waitFor();
  await page.waitForLoadState('networkidle');
  const total = [...sizes].reduce((sum, [id, size]) => sum + (urls.get(id)?.includes('/api/') ? 0 : size), 0);
  expect(total).toBeLessThanOrEqual(200 * 1024);
  expect([...urls.values()].filter((url) => !url.startsWith(bench.fixture.url))).toEqual([]);
  await context.close();
});

it('shows what will be where there is nothing, and the code where reading failed', async () => {
  bench.fixture.empty = true;
  const { page, context } = await visit(bench, '/uptime');
  for (const [path, text] of [
    ['/uptime', 'No monitors yet'],
    ['/uptime?view=probes', 'Everything is checked from here'],
    ['/logs', 'No log lines in this range'],
    ['/alerts', 'Nothing is firing'],
    ['/errors', 'No errors in this range'],
    ['/errors?view=releases', 'No releases yet'],
    ['/alerts?view=rules', 'No rules yet'],
    ['/on-call', 'No schedules yet'],
    ['/objectives', 'No objectives yet'],
    ['/incidents', 'No incident is open'],
    ['/incidents?view=figures', 'No incident in 90 days'],
    ['/incidents/in-1?view=impact', 'No request of yumzoom around it'],
    ['/status-page', 'Nothing was ever reported'],
    ['/database', 'No database is watched'],
    ['/inbox', 'No messages yet'],
  ]) {
    await page.goto(bench.fixture.url + path);
    await page.getByText(text as string).waitFor();
  }
  bench.fixture.empty = false;
  bench.fixture.fail = 500;
  await page.goto(bench.fixture.url);
  await page.getByText('The store does not answer').waitFor();
  await page.getByText('store_away').waitFor();
  bench.fixture.fail = null;
  await page.getByRole('button', { name: 'Try again' }).first().click();
  await page.getByText('YumZoom is degraded').waitFor();
  await context.close();
});
