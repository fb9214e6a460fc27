import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JobRunDetail, Page, SecurityFinding, SecurityScan, SecurityScanReport } from '@yumops/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type StrictRegistry, startStrictRegistry } from '../../src/care/scan/checks/dependencies/strict-registry.ts';
import { until } from '../ingest.ts';
import { type RunningPlatform, startYumops } from '../support/start-yumops.mjs';
import { type StateServer, startStateServer } from '../support/state-server.ts';
import { type MailVendor, mailServer } from '../support/vendor-servers.ts';

const ADMIN = 'security-scan-test-admin-token';
const KEY = '0123456789abcdef0123456789abcdef';
// Built here, so that no search for secrets stops at this file.
const SECRET = `ghp_${'b2'.repeat(18)}`;

let folder: string;
let server: StateServer;
let mail: MailVendor;
let platform: RunningPlatform;
let registry: StrictRegistry;
let site: Server;
let siteUrl: string;
let headers: Record<string, string> = {};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'yumops-scan-'));
  await chmod(folder, 0o755);
  registry = await startStrictRegistry({
    lodash: [
      {
        ...{ id: 1, url: 'https://github.com/advisories/GHSA-35jh-r3h4-6jhm', severity: 'critical' },
        ...{ title: 'Command Injection in lodash', vulnerable_versions: '<4.17.21' },
      },
    ],
  });
  site = createServer((_, response) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    response.setHeader('content-type', 'text/plain');
    response.end('ok');
  });
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  siteUrl = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
  mail = await mailServer();
  server = await startStateServer();
  const state = await server.database();
  await writeLock('4.17.20');
  await writeFile(join(folder, 'db.url'), state.url, { mode: 0o600 });
  await writeFile(
    join(folder, 'yumops.yml'),
    [
      'service: shop',
      'monitors:',
      `  - {name: Shop, url: "${siteUrl}/"}`,
      'databases: [{name: main, url: "file:db.url"}]',
      'security:',
      `  scan: {lockfiles: [package-lock.json], registry: "${registry.url}", owner: security@shop.test, report_to: [ciso@shop.test, ada@shop.test]}`,
      `integrations: {smtp: {url: "${mail.url}", from: ops@shop.test}}`,
      '',
    ].join('\n'),
  );
  platform = await startYumops({
    folder,
    env: {
      ...process.env,
      ...{ YUMOPS_DATA: join(folder, 'data'), YUMOPS_ADMIN_TOKEN: ADMIN, YUMOPS_INGEST_KEY: KEY },
      YUMOPS_STATE_URL: state.url,
    },
  });
}, 120_000);

afterAll(async () => {
  await platform.stop();
  await server.stop();
  await registry.close();
  await mail.stop();
  site.closeAllConnections();
  site.close();
  await rm(folder, { recursive: true, force: true });
});

function writeLock(lodash: string): Promise<void> {
  const lock = { lockfileVersion: 3, packages: { 'node_modules/lodash': { version: lodash } } };
  return writeFile(join(folder, 'package-lock.json'), JSON.stringify(lock));
}

async function call<Answer>(method: string, path: string, body?: unknown): Promise<{ status: number; body: Answer }> {
  const answer = await fetch(platform.url + path, {
    method,
    headers: { authorization: `Bearer ${ADMIN}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json().catch(() => null)) as Answer };
}

const get = async <Answer>(path: string) => (await call<Answer>('GET', path)).body;

async function scan(kind: 'weekly' | 'monthly'): Promise<SecurityScanReport> {
  const started = await call<{ id: string }>('POST', '/api/v1/security/scans', { kind });
  expect(started.status).toBe(202);
  const run = await until(async () => {
    const seen = await get<JobRunDetail>(`/api/v1/jobs/runs/${started.body.id}`);
    return seen.endedAt === null ? undefined : seen;
  });
  expect([run.status, run.error]).toEqual(['succeeded', null]);
  return get<SecurityScanReport>(`/api/v1/security/scans/${run.detail?.['scan']}`);
}

const findings = async (query = '') => (await get<Page<SecurityFinding>>(`/api/v1/security/findings?${query}`)).items;
const named = (items: readonly SecurityFinding[], code: string) => items.find((item) => item.code === code);

test('a scan finds what was planted, keeps it, and sees it go', async () => {
  const first = await scan('weekly');
  expect(first.checks.map(({ name, status }) => [name, status])).toEqual([
    ['dependencies', 'findings'],
    ['sites', 'findings'],
    ['databases', expect.any(String)],
    ['secrets', 'clean'],
    // The first account has a password alone.
    ['people', 'findings'],
    ['posture', expect.any(String)],
  ]);
  const advisory = named(first.freshFindings, 'advisory');
  expect(advisory).toMatchObject({ severity: 'critical', owner: 'security@shop.test', state: 'open' });
  expect(named(first.freshFindings, 'nosniff_missing')).toMatchObject({ subject: siteUrl });
  expect((await findings())[0]?.id).toBe(advisory?.id);
  expect(mail.mails.map(({ to }) => to)).toEqual([['ciso@shop.test'], ['ada@shop.test']]);
  const [letter] = mail.mails;
  expect(letter).toMatchObject({ from: 'ops@shop.test', subject: expect.stringMatching(/^Security scan of shop: /) });
  expect(letter?.text).toContain('CRITICAL');
  expect(letter?.text).toContain(`/security?view=scans&scan=${first.id}`);

  await writeLock('4.17.21');
  headers = { 'x-content-type-options': 'nosniff' };
  const second = await scan('weekly');
  expect(second.goneFindings.map(({ code }) => code).toSorted()).toEqual(['advisory', 'nosniff_missing']);
  expect(second.freshFindings).toEqual([]);
  expect(named(await findings('state=resolved'), 'advisory')?.resolvedAt).toBe(second.endedAt);
  const listed = await get<Page<SecurityScan>>('/api/v1/security/scans');
  expect(listed.items.map(({ id }) => id)).toEqual([second.id, first.id]);
});

test('a finding is accepted until a day, given to somebody, and opened again, with an audit row each', async () => {
  headers = {};
  await scan('weekly');
  const { id } = named(await findings(), 'nosniff_missing') as SecurityFinding;
  const path = `/api/v1/security/findings/${id}`;
  const refused = await call<{ error: { code: string } }>('POST', `${path}/accept`, {
    ...{ until: '2020-01-01', reason: 'too late' },
  });
  expect([refused.status, refused.body.error.code]).toEqual([400, 'until_refused']);
  const until = new Date(Date.now() + 20 * 86_400_000).toISOString().slice(0, 10);
  const accepted = await call<SecurityFinding>('POST', `${path}/accept`, { until, reason: 'a proxy adds it' });
  expect(accepted.body).toMatchObject({ state: 'accepted', accepted: { until: `${until}T00:00:00.000Z` } });
  expect(named(await findings(), 'nosniff_missing')).toBeUndefined();
  expect(named((await scan('weekly')).acceptedFindings, 'nosniff_missing')?.id).toBe(id);
  const assigned = await call<SecurityFinding>('POST', `${path}/assign`, { owner: 'ada' });
  expect(assigned.body.owner).toBe('ada');
  const reopened = await call<SecurityFinding>('POST', `${path}/reopen`, {});
  expect(reopened.body.state).toBe('open');
  const log = await get<{ items: { action: string }[] }>(`/api/v1/audit?target=${id}`);
  expect(log.items.map(({ action }) => action)).toEqual([
    'security.finding.reopen',
    'security.finding.assign',
    'security.finding.accept',
  ]);
  const gone = await call('POST', '/api/v1/security/findings/abc/reopen', {});
  expect(gone.status).toBe(404);
});

test('the audit looks at the log of events and at stored logs, and tells no secret', async () => {
  const lines = [
    { type: 'security', event: 'failed_authentication', severity: 'low', ip: '203.0.113.9', account: 'ada' },
    // A name that no pattern of ingest knows, so that the value is stored as it came.
    { level: 'info', message: `called the vendor with ${SECRET}` },
  ];
  await fetch(`${platform.url}/ingest/ndjson`, {
    method: 'POST',
    headers: { 'x-yumops-key': KEY, 'content-type': 'application/x-ndjson' },
    body: lines.map((line) => JSON.stringify({ service: 'shop', ...line })).join('\n'),
  });
  const stored = () =>
    call<{ rows: unknown[][] }>('POST', '/api/v1/query', {
      sql: "SELECT count() FROM application_logs WHERE message LIKE 'called the vendor%'",
    });
  await until(async () => Number((await stored()).body.rows[0]?.[0]) > 0);
  const report = await scan('monthly');
  const kinds = report.freshFindings.filter(({ code }) => code === 'kind_never_seen').map(({ object }) => object);
  expect(kinds).toEqual(
    expect.arrayContaining(['sign-ins that succeed', 'access that is denied', 'input that is refused']),
  );
  expect(kinds).not.toContain('sign-ins that fail');
  expect(named(report.freshFindings, 'secret_in_logs')).toMatchObject({ object: 'shop: GitHub token in message' });
  expect(JSON.stringify(report)).not.toContain(SECRET);
  const markdown = await fetch(`${platform.url}/api/v1/security/scans/${report.id}/report.md`, {
    headers: { authorization: `Bearer ${ADMIN}` },
  });
  expect(await markdown.text()).toContain('# Security audit of shop');
});

test('rules read how many are open', async () => {
  const sql =
    "SELECT attributes['severity'] AS severity, max(value) FROM metrics WHERE name = 'security_findings' GROUP BY severity";
  const rows = await until(async () => {
    const { body } = await call<{ rows: [string, number][] }>('POST', '/api/v1/query', { sql });
    return body.rows.some(([severity, most]) => severity === 'high' && most > 0) ? body.rows : undefined;
  });
  expect(rows.map(([severity]) => severity).toSorted()).toEqual(['critical', 'high', 'low', 'medium', 'unknown']);
});
