import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { audit } from '../../src/access/audit.ts';
import type { Db } from '../../src/lib/db.ts';
import { createProcedures, type Procedures } from '../../src/respond/procedures/index.ts';
import { type Checklists, createChecklists, createShelf, type SafeAction } from '../../src/respond/runbooks/index.ts';
import { createWindows, type Windows } from '../../src/respond/windows/index.ts';
import { type StatusRig, statusRig } from '../statuspage/rig.ts';
import { START } from '../support/alert-rig.ts';
import { type StateServer, startStateServer } from '../support/state-server.ts';
import { type IncidentRig, incidentRig } from './rig.ts';

let server: StateServer;
let db: Db;
let rig: IncidentRig;
let checklists: Checklists;
let failing: boolean;

beforeAll(async () => {
  server = await startStateServer();
});
afterAll(() => server.stop());
beforeEach(async () => {
  ({ db } = await server.database());
  rig = await incidentRig(db);
  failing = false;
  const action: SafeAction = {
    about: 'Lists routes',
    async run() {
      if (failing) throw new Error('the store is away');
      return '/api/orders: 3 of 4 requests failed\nsecond line';
    },
  };
  const actions = new Map([['requests.failing', action]]);
  checklists = createChecklists({ db, audit, shelf: createShelf(() => '/nonexistent'), actions });
});
afterEach(() => server.closeDatabases());

describe('a runbook in an incident', () => {
  let incident: string;
  let list: string;

  beforeEach(async () => {
    ({ id: incident } = await rig.incidents.declare({ title: 'Orders fail' }, rig.by('ada')));
    list = await checklists.begin('high-error-rate', { incident }, rig.by('ada'));
  });

  const lines = async () =>
    (await rig.incidents.read(incident)).timeline.filter(({ kind }) => kind === 'runbook').map(({ text }) => text);

  test('is begun once, and each step keeps who marked it, when and why', async () => {
    expect(await checklists.begin('high-error-rate', { incident }, rig.by('sam'))).toBe(list);
    await rig.clock.advance(60_000);
    await checklists.mark(list, { step: 0, state: 'done', note: '' }, rig.by('sam'));
    await checklists.mark(list, { step: 1, state: 'failed', note: 'no access' }, rig.by('ada'));
    await checklists.mark(list, { step: 1, state: null, note: '' }, rig.by('ada'));
    const read = await checklists.read(list);
    expect(read.marks).toEqual([
      { step: 0, state: 'done', note: '', by: 'sam', at: new Date(START + 60_000).toISOString() },
    ]);
    expect(await lines()).toEqual([
      'Begun: High error rate',
      'High error rate, step 1 done: Take it, so that nobody else is called.',
      'High error rate, step 2 failed: See which routes fail. One route points to code or data, all routes to something they share. (no access)',
      'High error rate, step 2 open again: See which routes fail. One route points to code or data, all routes to something they share.',
    ]);
  });

  test('records what an action did, and that it failed', async () => {
    const index = (await checklists.read(list)).parts.flatMap((part) =>
      part.type === 'step' ? part.actions.filter(({ name }) => name === 'requests.failing') : [],
    )[0]?.index as number;
    await checklists.act(list, index, rig.by('sam'));
    failing = true;
    await checklists.act(list, index, rig.by('sam'));
    expect((await checklists.read(list)).deeds).toMatchObject([
      { ok: true, by: 'sam', name: 'requests.failing', result: expect.stringContaining('second line') },
      { ok: false, result: 'the store is away' },
    ]);
    expect((await lines()).slice(1)).toEqual([
      'Show the failing routes: /api/orders: 3 of 4 requests failed',
      'Show the failing routes: failed: the store is away',
    ]);
    const rows = await db.query<{ action: string; detail: { ok: boolean } }>(
      `SELECT action, detail FROM audit_log WHERE action = 'checklist.act' ORDER BY id`,
    );
    expect(rows.map(({ detail }) => detail.ok)).toEqual([true, false]);
  });

  test('does nothing that is not on the list of safe actions, and changes no more when it is over', async () => {
    await expect(checklists.act(list, 0, rig.by('sam'))).rejects.toMatchObject({ code: 'unknown_action' });
    await expect(checklists.mark(list, { step: 99, state: 'done', note: '' }, rig.by('sam'))).rejects.toMatchObject({
      code: 'checklist_step',
    });
    await checklists.end(list, { state: 'done', result: 'it was the pool' }, rig.by('sam'));
    await expect(checklists.mark(list, { step: 0, state: 'done', note: '' }, rig.by('sam'))).rejects.toMatchObject({
      code: 'checklist_over',
    });
  });
});

describe('a procedure', () => {
  let page: StatusRig;
  let windows: Windows;
  let procedures: Procedures;

  beforeEach(async () => {
    page = await statusRig(db);
    windows = createWindows({
      ...{ db, audit, config: () => ({ windows: [], monitors: [], slos: [] }), changed: async () => undefined },
    });
    procedures = createProcedures({ checklists, windows, page: page.page });
  });
  afterEach(() => page.app.close());

  const notice = { title: 'Work on Orders', body: 'Orders may not be available.', components: ['orders'] };
  const begin = (more: object = {}) =>
    procedures.begin(
      { procedure: 'deploy', for: '30m', window: { reason: '2.4', services: ['api'] }, ...more },
      rig.by('ada'),
    );

  test('mutes alerts by a window and tells visitors, and ends both with what came of it', async () => {
    const id = await begin({ notice });
    const planned = await windows.planned(rig.clock.now());
    expect(planned.muteOf({ service: 'api' }, rig.clock.now())?.reason).toContain('planned work "Deploy a release"');
    expect(planned.muteOf({ service: 'web' }, rig.clock.now())).toBeNull();
    expect((await page.get('/status')).body).toContain('We are working on Orders');
    await rig.clock.advance(600_000);
    await page.clock.advance(600_000);
    await procedures.end(id, { state: 'done', result: '2.4 is out' }, rig.by('sam'));
    const after = await windows.planned(rig.clock.now() + 1);
    expect(after.muteOf({ service: 'api' }, rig.clock.now() + 1)).toBeNull();
    expect(await checklists.read(id)).toMatchObject({
      ...{ state: 'done', result: '2.4 is out', startedBy: 'ada', endedBy: 'sam', kind: 'procedure' },
      ...{ window: expect.any(String), notice: expect.any(String) },
    });
    await page.clock.advance(6_000);
    expect((await page.get('/status')).body).toContain('The work is finished.');
  });

  test('leaves the time out of objectives and monitors while it goes on, and counts again afterwards', async () => {
    const id = await begin({ window: {} });
    await rig.clock.advance(600_000);
    await procedures.end(id, { state: 'abandoned', result: '' }, rig.by('ada'));
    const [window] = await windows.read(START);
    expect([window?.kind, window?.endedAt]).toEqual(['maintenance', START + 600_000]);
  });

  test('of which a part is refused leaves nothing behind', async () => {
    const named = { ...notice, body: 'orders-db-check is moved' };
    await expect(begin({ notice: named })).rejects.toMatchObject({ code: 'internal_name' });
    await expect(procedures.begin({ procedure: 'disk-full', for: '1h' }, rig.by('ada'))).rejects.toMatchObject({
      code: 'invalid_procedure',
    });
    const planned = await windows.planned(rig.clock.now() + 1);
    expect(planned.muteOf({ service: 'api' }, rig.clock.now() + 1)).toBeNull();
    expect(await checklists.list({ limit: 10 })).toEqual([]);
    expect((await page.page.posts({ limit: 10 })).items).toEqual([]);
  });

  test('that outlasts its window ends without a word about it', async () => {
    const id = await begin();
    await rig.clock.advance(3_600_000);
    expect(await procedures.end(id, { state: 'done', result: '' }, rig.by('ada'))).toMatchObject({ state: 'done' });
  });
});
