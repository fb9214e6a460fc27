import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Db } from '../../src/lib/db.ts';
import { START } from '../support/alert-rig.ts';
import { type StateServer, startStateServer } from '../support/state-server.ts';
import { CONFIG, type StatusRig, statusRig } from './rig.ts';

let server: StateServer;
let db: Db;
let rig: StatusRig;

beforeAll(async () => {
  server = await startStateServer();
});
afterAll(() => server.stop());
beforeEach(async () => {
  ({ db } = await server.database());
  rig = await statusRig(db);
});
afterEach(async () => {
  await rig.app.close();
  await server.closeDatabases();
});

const incident = { kind: 'incident' as const, title: 'Orders fail', body: 'We are looking into it.' };
const components = [{ id: 'orders', status: 'partial_outage' as const }];
/** Makes the page as it is now: it is kept for some seconds. */
const later = () => rig.clock.advance(6_000);
const api = async (path: string) => JSON.parse((await rig.get(`/api/v2/${path}`)).body);

describe('the page', () => {
  test('shows components, groups and bars from checks without script, and no name of a monitor', async () => {
    rig.days = [
      { monitor: 'orders-db-check', day: '2026-01-04', goodMs: 86_000_000, badMs: 400_000 },
      { monitor: 'orders-queue', day: '2026-01-04', goodMs: 86_400_000, badMs: 0 },
    ];
    const { status, body } = await rig.get('/status');
    expect(status).toBe(200);
    expect(body).toContain('Everything works');
    expect(body).toContain('<h2>YumZoom</h2>');
    expect(body).toContain('Pages &amp; menus');
    expect(body).toContain('<title>2026-01-04: 99.768 %</title>');
    expect(body).toContain('99.768 % of 1 measured day');
    expect(body).toContain('<title>2026-01-03: not measured</title>');
    expect(body).toContain('Not measured yet');
    for (const { name } of rig.states) expect(body).not.toContain(name);
  });

  test('says of what fails that it fails, and of what nobody measures that it is not known', async () => {
    rig.states = [
      { name: 'edge-homepage-probe', state: 'pending' },
      { name: 'orders-queue', state: 'down' },
    ];
    const { body } = await rig.get('/status');
    expect(body).toContain('Orders is not available');
    expect(body).toContain('Not known');
  });

  test('goes on without telemetry and says what is missing', async () => {
    rig.days = new Error('the store is away');
    const { status, body } = await rig.get('/status');
    expect(status).toBe(200);
    expect(body).toContain('The history of checks cannot be read at the moment.');
  });

  test('shows what was seen last while the state store is away', async () => {
    await rig.get('/status');
    await server.closeDatabases();
    await later();
    const { status, body } = await rig.get('/status');
    expect(status).toBe(200);
    expect(body).toContain('Nothing newer can be read at the moment.');
  });

  test('answers 304 to who has it, and forbids everything but its own style and script', async () => {
    const first = await rig.app.inject({ url: '/status' });
    const etag = String(first.headers['etag']);
    const again = await rig.app.inject({ url: '/status', headers: { 'if-none-match': etag } });
    expect(again.statusCode).toBe(304);
    expect(first.headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'sha256-/);
    expect(first.headers['content-security-policy']).not.toContain('unsafe-inline');
  });

  test('has times in the zone that a visitor without script chose', async () => {
    const times = { scheduledStart: START + 3_600_000, scheduledEnd: START + 7_200_000 };
    await rig.page.add({ ...incident, kind: 'maintenance', ...times, publish: true }, rig.by);
    expect((await rig.get('/status')).body).toContain('2026-01-05 11:00 +00:00');
    expect((await rig.get('/status?tz=Asia/Tokyo')).body).toContain('2026-01-05 20:00 +09:00');
    expect((await rig.get('/status?tz=%3Cscript%3E')).body).toContain('2026-01-05 11:00 +00:00');
  });
});

describe('a post', () => {
  test('is seen by nobody until a person publishes it, then everywhere, with its updates', async () => {
    const draft = await rig.page.add({ ...incident, components }, rig.by);
    expect((await rig.get('/status')).body).not.toContain('Orders fail');
    expect((await api('incidents.json')).incidents).toEqual([]);
    await rig.page.publish(draft.id, rig.by);
    await rig.clock.advance(60_000);
    await rig.page.update(draft.id, { status: 'identified', body: 'A <b>cause</b> was found.' }, rig.by);
    const { body } = await rig.get('/status');
    expect(body).toContain('A &lt;b&gt;cause&lt;/b&gt; was found.');
    expect(body).toContain('Orders is partly not available');
    await rig.page.update(draft.id, { status: 'resolved', body: 'It is over.' }, rig.by);
    await later();
    expect((await rig.get('/status')).body).toContain('Everything works');
    expect((await rig.get(`/status/incidents/${draft.id}`)).body).toContain('It is over.');
    expect((await rig.get('/status/history')).body).toContain('Orders fail');
    for (const kind of ['rss', 'atom', 'json']) {
      expect((await rig.get(`/status/feed.${kind}`)).body).toContain('Resolved: Orders fail');
    }
  });

  test.each([
    [{ body: 'orders-db-check reports 503' }, '"orders-db-check"'],
    [{ title: 'High error rate' }, '"High error rate"'],
    [{ body: 'Project falcon is late' }, '"falcon"'],
    [{ body: 'see http://10.1.2.3/' }, '"10.1.2.3"'],
  ])('with an internal name is refused: %j', async (change, named) => {
    const draft = await rig.page.add({ ...incident, ...change }, rig.by);
    await expect(rig.page.publish(draft.id, rig.by)).rejects.toMatchObject({
      code: 'internal_name',
      message: expect.stringContaining(named),
    });
    expect((await rig.get('/status')).body).not.toContain('Orders fail');
  });

  test('may name components, whatever else has their name', async () => {
    rig.config = { ...CONFIG, privateWords: ['Orders'] };
    const draft = await rig.page.add({ ...incident, publish: true }, rig.by);
    expect(draft.publishedBy).toBe('ada');
  });

  test('that is drafted from an incident speaks of components alone', async () => {
    const source = { id: null as never, title: 'orders-db-check is down', severity: 'critical' as const };
    const draft = await rig.page.draft({ ...source, startedAt: START - 60_000, monitors: ['orders-queue'] }, rig.by);
    expect(draft).toMatchObject({
      ...{ title: 'Problems with Orders', impact: 'critical', publishedAt: null, status: 'investigating' },
      components: [{ id: 'orders', status: 'major_outage' }],
    });
    await rig.page.publish(draft.id, rig.by);
    expect(await rig.page.suggest(draft.id, 'resolved')).toBe(
      'The problems with Orders are over. We are sorry for the trouble.',
    );
  });

  test('has each deed in the audit log, and in the story of its incident', async () => {
    await db.query(
      `INSERT INTO incidents (id, title, summary, severity, status, drill, source, labels, roles, declared_by,
         started_at, detected_at, declared_at, moved_at)
       VALUES ('in-1', 'Orders fail', '', 'major', 'triage', false, 'hand', '{}', '{}', 'ada', now(), now(), now(), now())`,
    );
    const { id } = await rig.page.add({ ...incident, incident: 'in-1' }, rig.by);
    await rig.page.publish(id, rig.by);
    await rig.page.update(id, { status: 'resolved', body: 'It is over.' }, rig.by);
    const title = 'Orders fail';
    expect(await db.query('SELECT actor, action, target, detail FROM audit_log ORDER BY id')).toEqual([
      { actor: 'ada', action: 'status_page.draft', target: id, detail: { title } },
      { actor: 'ada', action: 'status_page.publish', target: id, detail: { title } },
      {
        ...{ actor: 'ada', action: 'status_page.update', target: id },
        detail: { title, from: 'investigating', to: 'resolved' },
      },
    ]);
    const told = { actor: 'ada', kind: 'status page', link: '/status-page' };
    expect(await db.query('SELECT actor, kind, link, text FROM incident_events ORDER BY id')).toEqual([
      { ...told, text: 'Drafted: Orders fail' },
      { ...told, text: 'Published: Orders fail' },
      { ...told, text: 'resolved: It is over.' },
    ]);
  });

  test('about planned work begins and ends by the clock', async () => {
    const times = { scheduledStart: START + 600_000, scheduledEnd: START + 1_200_000 };
    const work = { ...incident, kind: 'maintenance' as const, title: 'Upgrade', ...times, components, publish: true };
    await rig.page.add(work, rig.by);
    const seen = async () => {
      await later();
      const { scheduled_maintenances: all, components: shown } = await api('summary.json');
      return [all[0]?.status, shown.find((one: { id: string }) => one.id === 'orders').status];
    };
    expect(await seen()).toEqual(['scheduled', 'operational']);
    await rig.clock.advance(600_000);
    expect(await seen()).toEqual(['in_progress', 'under_maintenance']);
    await rig.clock.advance(600_000);
    expect(await seen()).toEqual([undefined, 'operational']);
    expect((await api('scheduled-maintenances.json')).scheduled_maintenances[0].status).toBe('completed');
  });

  test('of a kind has no status of the other, and a public one is neither changed nor thrown away', async () => {
    const { id } = await rig.page.add({ ...incident, publish: true }, rig.by);
    await expect(rig.page.update(id, { status: 'completed', body: 'x' }, rig.by)).rejects.toMatchObject({
      status: 400,
    });
    await expect(rig.page.drop(id, rig.by)).rejects.toMatchObject({ code: 'post_published' });
    const wrong = rig.page.add({ ...incident, components: [{ id: 'nope', status: 'operational' }] }, rig.by);
    await expect(wrong).rejects.toMatchObject({ message: expect.stringContaining('there are: website, orders') });
  });
});

test('the Statuspage API has the fields that its readers expect', async () => {
  await rig.page.add({ ...incident, components, impact: 'major', publish: true }, rig.by);
  const summary = await api('summary.json');
  expect(Object.keys(summary).sort()).toEqual(['components', 'incidents', 'page', 'scheduled_maintenances', 'status']);
  expect(summary.status).toEqual({ indicator: 'major', description: 'Partial System Outage' });
  expect(summary.page).toMatchObject({ name: 'YumZoom status', time_zone: 'UTC', updated_at: expect.any(String) });
  expect(summary.components).toMatchObject([
    { id: 'website', status: 'operational', group: false, group_id: 'group-yumzoom', position: 1 },
    { id: 'orders', status: 'partial_outage' },
    { id: 'group-yumzoom', status: 'partial_outage', group: true, components: ['website', 'orders'] },
  ]);
  expect(summary.incidents[0]).toMatchObject({
    ...{ name: 'Orders fail', status: 'investigating', impact: 'major', resolved_at: null },
    incident_updates: [{ body: 'We are looking into it.', affected_components: [{ code: 'orders' }] }],
  });
  for (const path of ['status', 'components', 'incidents', 'scheduled-maintenances', 'incidents/unresolved']) {
    expect((await rig.get(`/status/api/v2/${path}.json`)).status, path).toBe(200);
  }
});

describe('subscribers', () => {
  const linkIn = (text: string, purpose: string) =>
    new URL(new RegExp(`https://status\\S*/${purpose}/\\S+`).exec(text)?.[0] ?? '').pathname;
  const subscribe = (address: string, channel = 'email') => rig.post('/status/subscribe', { channel, address });

  async function confirmed(address: string) {
    await subscribe(address);
    await rig.page.deliverRound();
    const link = linkIn(rig.mails.at(-1)?.text ?? '', 'confirm');
    expect((await rig.post(link, {})).body).toContain('You get news from now on.');
  }

  test('by mail confirm first; reading the link changes nothing', async () => {
    expect((await subscribe('Eve@Example.com')).body).toContain('Look into your mailbox');
    await rig.page.deliverRound();
    expect(rig.mails).toMatchObject([{ to: 'eve@example.com', subject: 'Confirm: news of YumZoom status' }]);
    expect((await rig.get(linkIn(rig.mails[0]?.text ?? '', 'confirm'))).status).toBe(200);
    await rig.page.add({ ...incident, publish: true }, rig.by);
    await rig.page.deliverRound();
    expect(rig.mails).toHaveLength(1);
  });

  test('are told of each update once, over failures and several processes', async () => {
    await confirmed('eve@example.com');
    rig.mails.length = 0;
    rig.failing = 1;
    await rig.page.add({ ...incident, publish: true }, rig.by);
    await Promise.all([rig.page.deliverRound(), rig.page.deliverRound()]);
    expect(rig.mails).toEqual([]);
    await rig.clock.advance(60_000);
    await Promise.all([rig.page.deliverRound(), rig.page.deliverRound()]);
    await rig.clock.advance(120_000);
    await rig.page.deliverRound();
    expect(rig.mails.map(({ subject }) => subject)).toEqual(['YumZoom status: Orders fail (investigating)']);
  });

  test('end it with one click of their mail program, and nothing of them is kept', async () => {
    await confirmed('eve@example.com');
    await rig.page.add({ ...incident, publish: true }, rig.by);
    await rig.page.deliverRound();
    const { headers } = rig.mails.at(-1) ?? { headers: {} as Record<string, string> };
    expect(headers['List-Unsubscribe-Post']).toBe('List-Unsubscribe=One-Click');
    const link = linkIn((headers['List-Unsubscribe'] ?? '').replace('>', ' '), 'unsubscribe');
    expect((await rig.post(link, { 'List-Unsubscribe': 'One-Click' })).status).toBe(200);
    expect(await db.query('SELECT 1 FROM status_subscribers')).toEqual([]);
    expect(await db.query('SELECT 1 FROM status_messages')).toEqual([]);
  });

  test('get the same answer whether or not they are on the list, and no second mail within the hour', async () => {
    await confirmed('eve@example.com');
    const [known, fresh] = [await subscribe('eve@example.com'), await subscribe('new@example.com')];
    expect(known).toEqual(fresh);
    await subscribe('new@example.com');
    await rig.page.deliverRound();
    expect(rig.mails.map(({ to }) => to)).toEqual(['eve@example.com', 'new@example.com']);
  });

  test('cannot be ended or confirmed by a link that is not ours', async () => {
    await confirmed('eve@example.com');
    const [row] = await db.query<{ id: string }>('SELECT id FROM status_subscribers');
    for (const token of [`${row?.id}.${'x'.repeat(32)}`, 'x', `${row?.id}.`]) {
      expect((await rig.post(`/status/unsubscribe/${token}`, {})).status).toBe(404);
    }
    expect(await db.query('SELECT 1 FROM status_subscribers')).toHaveLength(1);
  });

  test('are refused when the address is none, and when too many come', async () => {
    expect((await subscribe('nobody')).status).toBe(400);
    expect((await subscribe('ftp://x', 'webhook')).status).toBe(400);
    await db.query(
      `INSERT INTO status_subscribers (id, channel, address, created_at, asked_at, asked)
       SELECT n::text, 'email', n || '@example.com', $1, $1, 1 FROM generate_series(1, 200) n`,
      [new Date(START)],
    );
    expect((await subscribe('late@example.com')).status).toBe(429);
  });

  test('by webhook confirm too; a private address is never called unless it is allowed', async () => {
    const got: { event: string; confirm?: string; update?: { body: string } }[] = [];
    const hook = createServer((request, response) => {
      let text = '';
      request.on('data', (part) => {
        text += part;
      });
      request.on('end', () => {
        got.push(JSON.parse(text));
        response.end();
      });
    });
    await new Promise<void>((done) => hook.listen(0, '127.0.0.1', done));
    try {
      const address = `http://127.0.0.1:${(hook.address() as AddressInfo).port}/x`;
      await subscribe(address, 'webhook');
      await rig.page.deliverRound();
      expect(got).toEqual([]);
      expect(await db.query('SELECT status, last_error FROM status_messages')).toMatchObject([
        { status: 'failed', last_error: expect.stringContaining('private address') },
      ]);
      rig.config = { ...CONFIG, allowPrivate: true };
      await rig.clock.advance(3_600_000);
      await subscribe(address, 'webhook');
      await rig.page.deliverRound();
      await rig.post(linkIn(got[0]?.confirm ?? '', 'confirm'), {});
      await rig.page.add({ ...incident, publish: true }, rig.by);
      await rig.page.deliverRound();
      expect(got).toMatchObject([
        { event: 'confirm' },
        { event: 'update', update: { body: 'We are looking into it.' } },
      ]);
    } finally {
      hook.close();
    }
  });
});
