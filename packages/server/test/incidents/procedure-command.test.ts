import { spawnSync } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Alert, ChecklistDetail, Page, SloItem, StatusPost } from '@yumops/protocol';
import { type CommandDef, runCommand } from 'citty';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { procedure } from '../../src/cli/procedure.ts';
import { status } from '../../src/cli/status-posts.ts';
import { BIN, type RunningPlatform, startYumops } from '../support/start-yumops.mjs';

const ADMIN = 'procedure-test-admin-token';
const KEY = '0123456789abcdef0123456789abcdef';
const MINUTE = 60_000;

let folder: string;
let platform: RunningPlatform;
let hook: Server;
/** What a receiver of alerts was told. */
const told: string[] = [];

beforeAll(async () => {
  hook = createServer((request, response) => {
    let text = '';
    request.on('data', (part) => {
      text += part;
    });
    request.on('end', () => {
      told.push(text);
      response.end();
    });
  });
  await new Promise<void>((done) => hook.listen(0, '127.0.0.1', done));
  folder = await mkdtemp(join(tmpdir(), 'yumops-procedure-'));
  await chmod(folder, 0o755);
  await writeFile(
    join(folder, 'yumops.yml'),
    `service: shop
integrations: {webhook: [{name: hook, url: "http://127.0.0.1:${(hook.address() as AddressInfo).port}/"}]}
pushed_alerts: [{notifications: [{webhook: hook}]}]
grouping: {group_interval: 10s}
slos: [{name: Orders, target: 90, window: 7d, sli: {requests: {service: api}}, burn_alerts: none}]
status_page: {title: Shop, components: [{name: Orders, monitors: []}]}
`,
  );
  const env = { ...process.env, YUMOPS_DATA: join(folder, 'data'), YUMOPS_ADMIN_TOKEN: ADMIN, YUMOPS_INGEST_KEY: KEY };
  platform = await startYumops({ folder, env });
}, 120_000);

afterAll(async () => {
  await platform.stop();
  hook.close();
  await rm(folder, { recursive: true, force: true });
});

async function ask<Answer>(path: string, body?: unknown): Promise<Answer> {
  const headers = { authorization: `Bearer ${ADMIN}`, 'content-type': 'application/json', 'x-yumops-key': KEY };
  const init =
    body === undefined ? {} : { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) };
  const answer = await fetch(platform.url + path, { ...init, headers });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
  return (text === '' ? null : JSON.parse(text)) as Answer;
}

/** Runs a command against the platform. @returns what it printed and its exit code */
async function run(command: unknown, ...args: string[]): Promise<{ out: string; code: unknown }> {
  let out = '';
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += text;
    return true;
  });
  try {
    const parts = (command as CommandDef).subCommands as Record<string, CommandDef>;
    const rawArgs = [...args.slice(1), '--data', join(folder, 'data')];
    const { result } = await runCommand(parts[args[0] ?? ''] as CommandDef, { rawArgs });
    return { out, code: result };
  } finally {
    spy.mockRestore();
  }
}

const json = async <Answer>(...[command, ...args]: Parameters<typeof run>) =>
  JSON.parse((await run(command, ...args, '--json')).out) as Answer;

const request = (at: number, statusCode: number) =>
  ask('/ingest/ndjson', {
    ...{ type: 'request', timestamp: at, service: 'api', method: 'GET', endpoint: '/orders', statusCode, duration: 5 },
  });

const push = (alertname: string) =>
  ask('/api/v2/alerts', [{ labels: { alertname, service: 'api', severity: 'critical' } }]);

const slo = async () => {
  const [item] = (await ask<Page<SloItem>>('/api/v1/slos')).items;
  return { total: item?.total, bad: item?.bad };
};

test('a deploy from a terminal mutes alerts, counts for no objective and tells visitors, until it is finished', async () => {
  for (let n = 0; n < 20; n++) await request(Date.now() - 5 * MINUTE - n, 200);
  await expect.poll(slo).toEqual({ total: 20, bad: 0 });
  const begun = await json<ChecklistDetail>(
    procedure,
    'start',
    'deploy',
    '--for',
    '30m',
    '--services',
    'api',
    '--reason',
    '2.4',
    '--notice',
    'Work on Orders',
    '--text',
    'Orders may not be available.',
    '--components',
    'orders',
  );
  expect(begun).toMatchObject({
    kind: 'procedure',
    state: 'open',
    window: expect.any(String),
    notice: expect.any(String),
  });

  // What fires is known, says why it is quiet, and reaches nobody.
  await push('OrdersFail');
  const muted = async () =>
    (await ask<Page<Alert>>('/api/v1/alerts')).items.map(({ rule, mutedBy }) => `${rule}: ${mutedBy}`);
  await expect
    .poll(muted)
    .toContainEqual(expect.stringMatching(/^OrdersFail: planned work "Deploy a release" until .*: 2\.4$/));
  // Failures are stored, and take nothing of the budget.
  const now = Date.now();
  for (let n = 0; n < 5; n++) await request(now + n, 500);
  await expect
    .poll(
      async () =>
        (
          await ask<{ rows: [[number]] }>('/api/v1/query', {
            sql: 'SELECT count() FROM requests WHERE statusCode = 500',
          })
        ).rows[0][0],
    )
    .toBe(5);
  expect(await slo()).toEqual({ total: 20, bad: 0 });
  // Visitors read of it.
  expect(await (await fetch(`${platform.url}/status`)).text()).toContain('Work on Orders');
  expect(told).toEqual([]);

  for (let step = 1; step <= begun.steps; step++) {
    expect((await run(procedure, 'step', begun.id, String(step))).out).toContain(`${step} [x]`);
  }
  const { out, code } = await run(procedure, 'finish', begun.id, '--result', '2.4 is out');
  expect([code, out]).toEqual([0, expect.stringContaining('Deploy a release: done, 2.4 is out')]);
  await expect.poll(() => told.join()).toContain('OrdersFail');
  await expect.poll(async () => (await fetch(`${platform.url}/status`)).text()).toContain('The work is finished.');
  await request(Date.now() - 5 * MINUTE, 500);
  await expect.poll(async () => (await slo()).bad).toBeGreaterThan(0);
});

test('each command says what it did, and its exit code is right', async () => {
  const { id, steps } = await json<ChecklistDetail>(procedure, 'start', 'migrate');
  const table: [args: string[], code: number, said: string | RegExp][] = [
    [['list'], 0, /rotate-keys +\d+ +.*\n[\s\S]*open +0 of \d+/],
    [['show', id], 0, 'alerts are not muted, visitors are not told.'],
    [['step', id, '1'], 0, '1 [x] '],
    [['step', id, '2', '--as', 'failed', '--note', 'no room'], 0, /2 \[!] .*\(failed by .*: no room\)/],
    [['step', id, '1', '--as', 'open'], 0, '1 [ ] '],
    [['step', id, '3', '--as', 'skipped'], 0, '3 [-] '],
    [['list'], 0, `open   2 of ${steps}`],
    [['finish', id], 1, 'Migrate'],
    [['list'], 0, 'None goes on.'],
    [['list', '--all'], 0, `done   2 of ${steps}`],
  ];
  for (const [args, code, said] of table) {
    const ran = await run(procedure, ...args);
    expect(ran.out, args.join(' ')).toEqual(
      typeof said === 'string' ? expect.stringContaining(said) : expect.stringMatching(said),
    );
    expect(ran.code, args.join(' ')).toBe(code);
  }
  const abandoned = await json<ChecklistDetail>(procedure, 'start', 'restore-drill', '--mute');
  expect((await run(procedure, 'finish', abandoned.id, '--abandon')).code).toBe(0);
  expect(await json(procedure, 'list', '--all')).toMatchObject({
    procedures: expect.arrayContaining([expect.objectContaining({ id: 'deploy', kind: 'procedure' })]),
    items: [{ state: 'abandoned' }, { state: 'done', marked: 2 }, { state: 'done' }],
  });
});

test.each([
  [['step', 'x', 'none'], '"none" is no number of a step.'],
  [['start', 'deploy', '--reason', 'why'], '--reason belongs to --mute, --services or --monitors.'],
  [['start', 'deploy', '--notice', 'Work'], 'A notice has both --notice TITLE and --text TEXT.'],
])('wrong use: %j', async (args, message) => {
  await expect(run(procedure, ...args)).rejects.toMatchObject({ code: 'wrong_use', message });
});

test('as installed: what the platform refuses is exit code 1 with its reason, wrong use is 2', () => {
  const installed = (...args: string[]) =>
    spawnSync(process.execPath, [BIN, ...args, '--data', join(folder, 'data')], { encoding: 'utf8' });
  const refused = installed('procedure', 'step', 'nothing', '1', '--json');
  expect([refused.status, JSON.parse(refused.stdout)]).toMatchObject([1, { error: { code: 'checklist_not_found' } }]);
  expect(installed('procedure', 'start')).toMatchObject({ status: 2 });
  expect(installed('status', 'post', '--help')).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('--components'),
  });
});

test('posts are written, moved on and ended from a terminal; planned work has its times', async () => {
  const draft = await json<StatusPost>(
    status,
    'post',
    'Search fails',
    'We look into it.',
    '--impact',
    'major',
    '--components',
    'orders=partial_outage',
  );
  expect(draft).toMatchObject({
    publishedAt: null,
    impact: 'major',
    components: [{ id: 'orders', status: 'partial_outage' }],
  });
  expect((await run(status, 'publish', draft.id)).out).toContain('Search fails: public, investigating.');
  expect((await run(status, 'update', draft.id, 'The cause is known.', '--status', 'identified')).out).toContain(
    'identified',
  );
  expect(
    (await run(status, 'update', draft.id, 'We are on it.', '--components', 'orders=degraded_performance')).out,
  ).toContain('public, identified.');
  expect((await run(status, 'resolve', draft.id, 'Searches work again.')).out).toContain('public, resolved.');
  const work = await json<StatusPost>(
    status,
    'post',
    'Upgrade',
    'Some minutes.',
    '--from',
    '2030-01-01T22:00Z',
    '--to',
    '2030-01-01T23:00Z',
    '--publish',
  );
  expect(work).toMatchObject({ kind: 'maintenance', status: 'scheduled', scheduledEnd: '2030-01-01T23:00:00.000Z' });
  expect((await run(status, 'update', work.id, 'It is still on.')).out).toContain('public, scheduled.');
  expect((await run(status, 'list')).out).toMatch(/maintenance +scheduled[\s\S]*incident +resolved/);
  const alone = { ...status, subCommands: undefined };
  expect((await run({ subCommands: { '': alone } }, '')).out).toMatch(
    /^\S.*\.\n\nCOMPONENT +STATUS\nOrders +\S.*\n\nPOST .*\n.*Upgrade\n/,
  );
  for (const [flag, value, message] of [
    ['--components', 'orders', '"orders" is not COMPONENT=STATUS.'],
    ['--from', '2030-01-01T22:00Z', 'Planned work has both --from and --to.'],
  ] as const) {
    await expect(run(status, 'post', 'a', 'b', flag, value)).rejects.toMatchObject({ code: 'wrong_use', message });
  }
});
