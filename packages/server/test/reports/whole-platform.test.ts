import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { JobItem, Page, ReportDetail, ReportItem } from '@yumops/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { BIN, startYumops } from '../support/start-yumops.mjs';
import { type MailVendor, mailServer } from '../support/vendor-servers.ts';

const KEY = '0123456789abcdef0123456789abcdef';
const TOKEN = 'reports-test-admin-token';
const HOUR = 3_600_000;

let folder: string;
let mail: MailVendor;
let platform: Awaited<ReturnType<typeof startYumops>>;
let env: NodeJS.ProcessEnv;

const yumops = (...args: string[]) =>
  promisify(execFile)(process.execPath, [BIN, ...args], { cwd: folder, env, maxBuffer: 16_000_000 });

const get = async <Answer>(path: string) => {
  const answer = await fetch(platform.url + path, { headers: { authorization: `Bearer ${TOKEN}` } });
  return (await answer.json()) as Answer;
};

async function send(path: string, body: string): Promise<void> {
  const answer = await fetch(platform.url + path, { method: 'POST', headers: { 'x-yumops-key': KEY }, body });
  expect([200, 202]).toContain(answer.status);
}

/** 40 requests an hour ago, four of which failed; events of business and security; one error four times. */
async function sendTelemetry(): Promise<void> {
  const at = systemClock.now() - HOUR;
  const line = (n: number, more: object) =>
    JSON.stringify({ timestamp: at + n * 1_000, level: 'info', message: 'm', service: 'shop', ...more });
  const lines = [
    ...Array.from({ length: 40 }, (_, n) =>
      line(n, {
        ...{ type: 'request', method: 'GET', endpoint: '/api/search', statusCode: n % 10 === 0 ? 500 : 200 },
        ...{ duration: 100, requestId: `r${n}` },
      }),
    ),
    ...Array.from({ length: 3 }, (_, n) => line(n, { type: 'business', event: 'order_placed' })),
    ...Array.from({ length: 2 }, (_, n) =>
      line(n, { type: 'security', event: 'failed_authentication', severity: 'medium', ip: '203.0.113.9' }),
    ),
    ...Array.from({ length: 5 }, (_, n) => line(n, { level: 'error' })),
  ];
  await send('/ingest/ndjson', lines.join('\n'));
  for (let n = 0; n < 4; n++) {
    const id = `${n}`.repeat(32);
    const event = {
      ...{ event_id: id, timestamp: (at + n) / 1_000, level: 'error', platform: 'node', release: '2.4.0' },
      exception: { values: [{ type: 'TypeError', value: 'menu is undefined' }] },
    };
    const envelope = [{ event_id: id }, { type: 'event' }, event].map((part) => JSON.stringify(part)).join('\n');
    await send(`/api/1/envelope/?sentry_key=${KEY}`, envelope);
  }
}

beforeAll(async () => {
  mail = await mailServer();
  folder = await mkdtemp(join(tmpdir(), 'yumops-reports-'));
  await chmod(folder, 0o755);
  await writeFile(
    join(folder, 'yumops.yml'),
    `service: shop
public_url: https://ops.shop.example
monitors: [{name: Shop, kind: tcp, host: 127.0.0.1, port: 9, check_interval: 1, retries: 0}]
slos: [{name: orders, target: 99, window: 30d, sli: {requests: {service: shop}}}]
integrations: {smtp: {url: "${mail.url}", from: ops@shop.example}}
reports: {recipients: [{email: [ann@shop.example]}], weekly: {schedule: false}}
`,
  );
  env = { ...process.env, YUMOPS_DATA: join(folder, 'data'), YUMOPS_ADMIN_TOKEN: TOKEN, YUMOPS_INGEST_KEY: KEY };
  platform = await startYumops({ folder, env });
  await sendTelemetry();
}, 90_000);

afterAll(async () => {
  await platform.stop();
  await mail.stop();
  await rm(folder, { recursive: true, force: true });
});

const section = ({ sections }: ReportDetail, key: string) => sections.find((one) => one.key === key);
const figure = (report: ReportDetail, key: string, label: string) =>
  section(report, key)?.figures.find((one) => one.label === label)?.value;

test('a report tells what the platform was sent and saw, by mail too, and can be read again', async () => {
  const stored = async (path: string) => (await get<Page<unknown>>(path)).items.length;
  await expect.poll(() => stored('/api/v1/errors')).toBe(1);
  const down = async () => (await get<Page<{ state: string }>>('/api/v1/monitors')).items[0]?.state;
  await expect.poll(down).toBe('down');
  const counted = async () => {
    const { stdout } = await yumops('query', 'SELECT count() FROM requests', '--json');
    return (JSON.parse(stdout) as { rows: number[][] }).rows[0]?.[0];
  };
  await expect.poll(counted, { interval: 500 }).toBe(40);

  const { stdout } = await yumops('report', 'daily', '--send', '--json');
  const report = JSON.parse(stdout) as ReportDetail;
  expect(section(report, 'requests')?.note).toBeNull();
  expect(figure(report, 'requests', 'Requests')).toBe(40);
  expect(figure(report, 'requests', 'Failed')).toBe(10);
  expect(figure(report, 'requests', 'p95')).toBeGreaterThan(98);
  expect(figure(report, 'errors', 'Events')).toBe(4);
  expect(figure(report, 'errors', 'New issues')).toBe(1);
  expect(figure(report, 'logs', 'Business events')).toBe(3);
  expect(figure(report, 'logs', 'Security events')).toBe(2);
  expect(figure(report, 'uptime', 'Down at the moment')).toBe(1);
  expect(section(report, 'objectives')?.tables[0]?.rows[0]?.cells.slice(0, 4)).toEqual(['orders', 'exhausted', 99, 90]);
  expect(section(report, 'jobs')?.state).toBe('known');
  expect(figure(report, 'security', 'Attacks')).toBe(0);
  expect(figure(report, 'security', 'Critical findings')).toBeNull();
  expect(section(report, 'vitals')?.state).toBe('unknown');
  expect(report.sections.flatMap(({ note }) => (note?.includes('could not be read') ? [note] : []))).toEqual([]);
  expect(report.todo[0]).toMatchObject({ code: 'monitor_down', subject: 'Shop', href: '/uptime/shop' });
  expect(report.todo.map(({ code }) => code)).toContain('budget_exhausted');
  expect(section(report, 'errors')?.changes[0]?.text).toContain('TypeError: menu is undefined');

  expect(mail.mails.map(({ to, subject }) => [to, subject])).toEqual([[['ann@shop.example'], report.title]]);
  const [item] = (await get<Page<ReportItem>>('/api/v1/reports')).items;
  expect(item).toMatchObject({ id: report.id, sent: [{ channel: 'email', state: 'sent' }] });
  const text = (await yumops('report', 'show', report.id, '--format', 'text')).stdout;
  expect(text).toContain('1. Bring Shop up again');
  expect(text).toContain('https://ops.shop.example/uptime/shop');
}, 90_000);

test('the schedule of the guide stands in the list of jobs, with next runs', async () => {
  const { items } = await get<Page<JobItem>>('/api/v1/jobs');
  const next = (name: string) => items.find((job) => job.name === name);
  expect(next('analytics')).toMatchObject({ schedule: '0 1 * * *', timeZone: 'UTC' });
  expect(next('monthly-review')?.nextRunAt).toMatch(/-01T07:00:00/);
  expect(next('quarterly-review')?.nextRunAt).toMatch(/-(01|04|07|10)-01T08:00:00/);
  expect(next('performance-review')).toMatchObject({ schedule: null, nextRunAt: null });
  const review = new Date(next('architecture-review')?.nextRunAt ?? '');
  expect([review.getUTCDay(), review.getUTCMonth() % 3, review.getUTCDate() <= 7]).toEqual([1, 0, true]);
});

test('the architecture review is a checklist for people, one at a time', async () => {
  const run = async () =>
    (JSON.parse((await yumops('job', 'run', 'architecture-review', '--json')).stdout) as { summary: string }).summary;
  expect(await run()).toContain('the checklist waits');
  expect(await run()).toContain('still open');
  const { items } = await get<Page<{ runbook: string; state: string }>>('/api/v1/checklists');
  expect(items.filter(({ runbook }) => runbook === 'architecture-review')).toMatchObject([{ state: 'open' }]);
});
