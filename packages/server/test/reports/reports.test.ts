import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { audit } from '../../src/access/audit.ts';
import {
  createReports,
  deliverReport,
  type Reports,
  type ReportsConfig,
  reportJobs,
  type SectionSource,
} from '../../src/care/reports/index.ts';
import { Scheduler } from '../../src/care/scheduler/index.ts';
import { reportRoutes } from '../../src/http/reports.ts';
import { createHttpServer } from '../../src/http/server.ts';
import { FakeClock, systemClock } from '../../src/lib/clock.ts';
import type { Db } from '../../src/lib/db.ts';
import { createLog } from '../../src/lib/log.ts';
import { Secret } from '../../src/lib/secret.ts';
import { mailSender } from '../../src/respond/notify/index.ts';
import { configOf } from '../support/alert-rig.ts';
import { type StateServer, startStateServer } from '../support/state-server.ts';
import { type MailVendor, mailServer } from '../support/vendor-servers.ts';

const NOW = Date.parse('2026-03-30T06:30:00Z');
const never = new AbortController().signal;
const log = createLog(systemClock, () => undefined);

let state: StateServer;
let mail: MailVendor;
let db: Db;
let reports: Reports;
let clock: FakeClock;

const CONFIG = `
service: shop
reports:
  time_zone: Europe/Berlin
  recipients: [{email: [ann@shop.example, bob@shop.example]}, {slack: "#ops"}]
`;

/** The section `reports` as it is compiled. */
const configured = () => configOf(CONFIG) as unknown as { reports: ReportsConfig };

/** A section with everything that a section can have, and text that must not become HTML. */
const everything: SectionSource = {
  key: 'requests',
  title: 'Requests',
  kinds: ['daily', 'weekly'],
  read: async () => ({
    figures: [
      { label: 'Requests', value: 1204, unit: 'count', before: 1100, href: '/logs?q=a&from=b' },
      { label: 'p95', value: null, unit: 'ms', before: null, href: '/logs', note: 'no request was timed' },
    ],
    tables: [
      {
        title: 'Routes',
        columns: [
          { label: 'Route', unit: null },
          { label: 'p95', unit: 'ms' },
        ],
        rows: [{ href: '/logs?q=x', cells: ['GET /<script>alert(1)</script>|x', 412] }],
        more: 3,
      },
    ],
    charts: [
      {
        title: 'p95',
        unit: 'ms',
        href: '/logs',
        from: '2026-03-29T00:00:00Z',
        stepMs: 3_600_000,
        values: [100, null, 400],
        before: [90, 80, 70],
      },
    ],
    changes: [
      {
        direction: 'worse',
        text: 'GET /search is slower',
        rule: 'hours of the week',
        sample: '24 hours',
        href: '/logs?q=y',
      },
    ],
    observations: [
      {
        ...{
          code: 'slower_route',
          subject: 'GET /search',
          title: 'Find out why GET /search is slower',
          reason: 'Its p95 is 3 times as much: <b>_so_</b>.',
        },
        ...{ evidence: ['p95 900 ms against 300 ms'], href: '/logs?q=y', size: 1, reach: 0.2, fresh: true },
      },
    ],
  }),
};

beforeAll(async () => {
  [state, mail] = await Promise.all([startStateServer(), mailServer()]);
});

afterAll(() => Promise.all([state.stop(), mail.stop()]));

beforeEach(async () => {
  ({ db } = await state.database());
  clock = new FakeClock(NOW);
  mail.mails.length = 0;
  mail.refuse = null;
  const config = configured();
  reports = createReports({
    ...{ db, audit, publicUrl: 'https://ops.shop.example', service: () => 'shop' },
    sections: () => [everything],
    config: () => config.reports,
  });
});

afterEach(() => state.closeDatabases());

const sender = () => mailSender({ url: new Secret(mail.url), from: 'ops@shop.example', broken: null });
const deliver = (id: string) => deliverReport({ db, clock, mail: sender }, id, never);
const make = (slot: number | null, send = true) =>
  reports.make({ kind: 'daily', slot, send }, { actor: 'ann', now: clock.now() });

describe('stored reports', () => {
  test('one scheduled time has one report, however often it is asked for', async () => {
    const id = await make(NOW);
    expect(await make(NOW)).toBe(id);
    expect(await make(null)).not.toBe(id);
    const { items } = await reports.list({ limit: 10 });
    expect(items).toHaveLength(2);
    expect(await reports.read(id)).toMatchObject({
      ...{ kind: 'daily', service: 'shop', madeBy: 'ann', timeZone: 'Europe/Berlin', considered: 1 },
      from: '2026-03-28T23:00:00.000Z',
      to: '2026-03-29T22:00:00.000Z',
      title: 'Daily log analysis of shop, 2026-03-29',
    });
    const rows = await db.query('SELECT actor, action FROM audit_log');
    expect(rows).toEqual([
      { actor: 'ann', action: 'report.make' },
      { actor: 'ann', action: 'report.make' },
    ]);
  });

  test('are listed page by page, newest first, and by kind', async () => {
    for (let n = 0; n < 5; n++) {
      await make(null, false);
      await clock.advance(60_000);
    }
    const first = await reports.list({ limit: 2 });
    const second = await reports.list({ limit: 2, cursor: first.nextCursor ?? undefined });
    const last = await reports.list({ limit: 2, cursor: second.nextCursor ?? undefined });
    const ids = [first, second, last].flatMap(({ items }) => items.map(({ id }) => id));
    expect(ids).toEqual([...new Set(ids)].sort().reverse());
    expect(ids).toHaveLength(5);
    expect(last.nextCursor).toBeNull();
    expect((await reports.list({ kind: 'weekly', limit: 2 })).items).toEqual([]);
  });
});

describe('by mail', () => {
  test('everybody gets the whole of it, as HTML with graphs and as text', async () => {
    const id = await make(NOW);
    expect(await deliver(id)).toEqual({ sent: 2, failed: [] });
    expect(mail.mails.map(({ to }) => to[0])).toEqual(['ann@shop.example', 'bob@shop.example']);
    const [{ subject, text, source, headers }] = mail.mails as [(typeof mail.mails)[number]];
    expect(subject).toBe('Daily log analysis of shop, 2026-03-29');
    expect(headers.get('auto-submitted')).toBe('auto-generated');
    expect(text).toContain('1. Find out why GET /search is slower');
    expect(text).toContain('https://ops.shop.example/logs?q=y');
    expect(text).not.toMatch(/[*|]{2}|\]\(/);
    expect(source).toMatch(/^Content-Type: multipart\/alternative/m);
    const html = (source.split('Content-Type: text/html')[1] ?? '').replaceAll('=\r\n', '').replaceAll('=3D', '=');
    expect(html).toContain('background:#2563a8');
    expect(html).not.toMatch(/<script|<img|<svg|<link|url\(/i);
    expect((await reports.read(id)).sent).toMatchObject([
      { channel: 'email', target: 'ann@shop.example', state: 'sent', attempts: 1 },
      { channel: 'email', target: 'bob@shop.example', state: 'sent', attempts: 1 },
      { channel: 'slack', target: '#ops', state: 'sent' },
    ]);
    const told = await db.query<{ channel: string; title: string }>(
      `SELECT channel, body->>'title' AS title FROM alert_messages`,
    );
    expect(told).toEqual([{ channel: 'slack', title: 'Daily log analysis of shop, 2026-03-29' }]);
  });

  test('what was sent is not sent again, what was not is tried until it is', async () => {
    const id = await make(NOW);
    mail.refuse = { code: 451, text: 'try again later' };
    const delivering = deliver(id);
    const attempts = async () => (await reports.read(id)).sent[0]?.attempts;
    await expect.poll(attempts).toBe(1);
    mail.refuse = null;
    const done = delivering.then(() => true);
    while (!(await Promise.race([done, new Promise((resolve) => setImmediate(() => resolve(false)))]))) {
      await clock.advance(1_000);
    }
    expect(await delivering).toEqual({ sent: 2, failed: [] });
    expect(mail.mails).toHaveLength(2);
    expect(await deliver(id)).toEqual({ sent: 0, failed: [] });
    expect(mail.mails).toHaveLength(2);
  });

  test('an address that does not exist has failed, and the others get theirs', async () => {
    const id = await make(NOW);
    mail.refuse = { code: 550, text: 'no such user' };
    const { sent, failed } = await deliver(id);
    expect({ sent, targets: failed.map(({ target }) => target) }).toEqual({
      sent: 0,
      targets: ['ann@shop.example', 'bob@shop.example'],
    });
    expect((await reports.read(id)).sent[0]).toMatchObject({ state: 'failed', at: null });
  });

  test('without a server it says what is missing', async () => {
    const id = await make(NOW);
    const { failed } = await deliverReport({ db, clock, mail: () => undefined }, id, never);
    expect(failed[0]?.reason).toContain('integrations.smtp');
  });
});

describe('as a job', () => {
  test('the report of a day is made and sent at its time in its zone, and a run by hand sends nothing', async () => {
    const config = configured();
    let now = Date.parse('2026-03-29T22:59:00Z');
    const jobs = () =>
      reportJobs({
        reports,
        clock,
        config: () => config.reports,
        deliver: (id) => deliver(id),
        beginReview: async () => 'c-1',
      });
    const scheduler = new Scheduler({ db, instance: 'one', clock, audit, log, jobs, now: async () => now });
    scheduler.start();
    const runs = async () => (await scheduler.detail('analytics')).runs;
    // The first look decides from when slots count.
    await expect
      .poll(async () => (await db.query(`SELECT 1 FROM job_schedules WHERE job = 'analytics'`)).length)
      .toBe(1);
    now = Date.parse('2026-03-29T23:00:01Z');
    while ((await runs())[0]?.status !== 'succeeded') await clock.advance(1_000);
    const [run] = await runs();
    expect(run).toMatchObject({ trigger: 'schedule', slot: Date.parse('2026-03-29T23:00:00Z') });
    const { items } = await reports.list({ limit: 5 });
    // 01:00 in Berlin, summer time since that night: the Sunday of 23 hours.
    expect(items).toMatchObject([
      { from: '2026-03-28T23:00:00.000Z', to: '2026-03-29T22:00:00.000Z', madeBy: 'schedule' },
    ]);
    expect(mail.mails).toHaveLength(2);
    const byHand = await scheduler.runNow('analytics', 'ann');
    while ((await scheduler.run(byHand.id)).run.endedAt === null) await clock.advance(1_000);
    expect((await reports.list({ limit: 5 })).items).toHaveLength(2);
    expect(mail.mails).toHaveLength(2);
    await scheduler.stop();
  });

  test('a report that reached nobody is a failed run that names the address', async () => {
    const config = configured();
    mail.refuse = { code: 550, text: 'no such user' };
    const [daily] = reportJobs({
      reports,
      clock,
      config: () => config.reports,
      deliver,
      beginReview: async () => undefined,
    });
    const context = {
      runId: 'r',
      slot: NOW,
      by: 'schedule',
      options: {},
      signal: never,
      log: () => undefined,
      progress: () => undefined,
    };
    const result = await daily?.run(context);
    expect(result).toMatchObject({ ok: false, detail: { failed: 2 } });
    expect(result?.summary).toContain('ann@shop.example');
  });
});

describe('over HTTP', () => {
  const ask = async (url: string, headers: Record<string, string> = {}, body?: object) => {
    const app = await createHttpServer({ log, version: '0' });
    const guard = () => async (request: object) => void Object.assign(request, { principal: { name: 'ann' } });
    const scheduler = {
      runNow: async (job: string, by: string, options: object) => ({
        id: 'r1',
        job,
        by,
        options,
        slot: null,
        queuedAt: NOW,
        startedAt: null,
        endedAt: null,
        detail: null,
      }),
    };
    reportRoutes(app, { reports, scheduler: scheduler as never, guard: guard as never });
    const answer = await app.inject(body ? { method: 'POST', url, headers, payload: body } : { url, headers });
    await app.close();
    return answer;
  };

  test.each([
    ['suffix .md', '.md', {}, 'text/markdown'],
    ['suffix .html', '.html', {}, 'text/html'],
    ['suffix .txt', '.txt', {}, 'text/plain'],
    ['suffix .json over Accept', '.json', { accept: 'text/html' }, 'application/json'],
    ['Accept text/markdown', '', { accept: 'text/markdown, */*' }, 'text/markdown'],
    ['the first of Accept', '', { accept: 'text/html,application/json;q=0.9' }, 'text/html'],
    ['nothing', '', { accept: '*/*' }, 'application/json'],
  ])('a report comes in the form that was asked for: %s', async (_name, suffix, headers, type) => {
    const id = await make(NOW, false);
    const answer = await ask(`/api/v1/reports/${id}${suffix}`, headers);
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['content-type']).toContain(type);
    expect(answer.body).toContain('Find out why GET /search is slower');
    expect(answer.headers['content-security-policy']).not.toContain('script-src *');
  });

  test('HTML takes no text for marks, and runs nothing', async () => {
    const { body, headers } = await ask(`/api/v1/reports/${await make(NOW, false)}.html`);
    expect(body).toContain('GET /&lt;script&gt;alert(1)');
    expect(body).not.toContain('<script');
    expect(headers['content-security-policy']).toContain("default-src 'none'");
  });

  test('Markdown takes no text for marks, links every figure, and tells unknown', async () => {
    const { body } = await ask(`/api/v1/reports/${await make(NOW, false)}.md`);
    expect(body).toContain('| [Requests](https://ops.shop.example/logs?q=a&from=b) | 1,204 | 1,100 |');
    expect(body).toContain('| unknown | unknown | no request was timed |');
    expect(body).toContain('\\<script\\>');
    expect(body).toContain('\\<b\\>\\_so\\_');
    expect(body).toContain('▃·█');
  });

  test('an unknown report is 404, a bad order 400, and a good one is the run of its job', async () => {
    expect((await ask('/api/v1/reports/none')).statusCode).toBe(404);
    expect((await ask('/api/v1/reports', {}, { kind: 'hourly' })).statusCode).toBe(400);
    expect((await ask('/api/v1/reports', {}, { kind: 'weekly', to: 'noon' })).json()).toMatchObject({
      error: { code: 'invalid_time' },
    });
    const made = await ask('/api/v1/reports', {}, { kind: 'weekly', to: '2026-03-30T00:00:00Z' });
    expect(made.statusCode).toBe(202);
    expect(made.json()).toMatchObject({
      job: 'performance-review',
      options: { send: false, to: Date.parse('2026-03-30T00:00:00Z') },
    });
  });
});
