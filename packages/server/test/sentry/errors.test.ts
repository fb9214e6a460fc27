import type { ErrorEventDetail, ErrorIssue, ErrorIssueDetail, Losses, Page, ReleaseItem } from '@yumops/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestState, startTestTelemetry, type TestState, type TestTelemetry } from '../engines.ts';
import { until } from '../ingest.ts';
import { envelope, errorEvent, newId, type SentryRig, startSentryRig } from '../support/sentry-rig.ts';

let telemetry: TestTelemetry;
let state: TestState;
let rig: SentryRig;

beforeAll(async () => {
  [telemetry, state] = await Promise.all([startTestTelemetry(), startTestState()]);
  rig = await startSentryRig(telemetry.telemetry, state.db);
});

afterAll(async () => {
  await rig?.stop();
  await telemetry?.stop();
  await state?.stop();
});

interface Sent {
  type: string;
  value?: string;
  more?: Record<string, unknown>;
}

/** Sends an event and waits until it is stored and looked at. */
async function send({ type, value = 'it failed', more = {} }: Sent): Promise<string> {
  const id = newId();
  const event = errorEvent(id, { exception: { values: [{ type, value }] }, ...more });
  expect((await rig.send(envelope({ event_id: id }, ['event', event]))).status).toBe(200);
  await rig.rows('SELECT 1 FROM error_events WHERE eventId = {id:String}', { id });
  await rig.errors.lookOnce();
  return id;
}

const list = async (query = '') => (await rig.get<Page<ErrorIssue>>(`/api/v1/errors?limit=200${query}`)).items;
const issueOf = async (type: string) => (await list()).find((issue) => issue.type === type) as ErrorIssue;
const detail = (id: string) => rig.get<ErrorIssueDetail>(`/api/v1/errors/${id}`);

describe('the list', () => {
  it('gathers events into issues, with people, releases and place; most people first', async () => {
    for (const user of ['u1', 'u2', 'u2']) {
      await send({ type: 'ListError', more: { user: { id: user }, release: 'shop@1.0.0', environment: 'production' } });
    }
    await send({ type: 'LoneError', more: { user: { id: 'u1' } } });
    const issues = await list();
    const [first] = issues;
    expect(first).toMatchObject({
      type: 'ListError',
      message: 'it failed',
      count: 3,
      users: 2,
      substatus: 'new',
      lastRelease: 'shop@1.0.0',
    });
    expect(first?.histogram.reduce((sum, n) => sum + n, 0)).toBe(3);
    expect(issues.map(({ type }) => type).indexOf('LoneError')).toBeGreaterThan(0);
    expect((await list('&q=loneerr')).map(({ type }) => type)).toEqual(['LoneError']);
    expect(await list('&release=shop%401.0.0&environment=production')).toHaveLength(1);
    const page = await rig.get<Page<ErrorIssue>>('/api/v1/errors?limit=1');
    expect(page.nextCursor).toBe('1');
    expect(
      await telemetry.telemetry.query('SELECT DISTINCT groupId FROM error_events WHERE type = {t:String}', {
        t: 'ListError',
      }),
    ).toEqual([{ groupId: first?.id }]);
  });

  it('an error, an event or an attachment that is not there is 404', async () => {
    for (const path of [
      'errors/0000000000000000',
      `events/${newId()}`,
      'attachments/20260101-x',
      'attachments/..%2f..%2fetc',
    ]) {
      expect((await fetch(`${rig.url}/api/v1/${path}`)).status, path).toBe(404);
    }
  });
});

it('tells what SDKs could not send, and what came and was not taken', async () => {
  const at = new Date().toISOString();
  const discarded = [{ reason: 'network_error', category: 'transaction', quantity: 7 }];
  await rig.send(
    envelope({}, ['client_report', { timestamp: at, discarded_events: discarded }], ['from_the_future', {}]),
  );
  const refusal = await rig.send(envelope({}, ['event', 'not json with password: hunter2hunter2']));
  expect(refusal.status).toBe(400);
  const container = { type: 'span', item_count: 3, content_type: 'application/vnd.sentry.items.span.v2+json' };
  const good = { trace_id: newId(), span_id: 'c'.repeat(16), name: 'good', start_timestamp: Date.now() / 1_000 };
  const members = [good, { name: 'no id', password: 'hunter2hunter2' }, 5];
  await rig.send(envelope({}, [container, { version: 2, items: members }]));
  const { items, refused } = await until(async () => {
    const losses = await rig.get<Losses>('/api/v1/losses');
    return losses.items.length >= 3 && losses;
  });
  const lost = items.map(({ by, category, reason, quantity }) => [by, category, reason, quantity]);
  expect(lost).toContainEqual(['client', 'transaction', 'network_error', 7]);
  expect(lost).toContainEqual(['server', 'default', 'unknown_item_type', 1]);
  expect(lost).toContainEqual(['server', 'span', 'invalid_items', 2]);
  expect(refused).toContainEqual(expect.objectContaining({ source: 'sentry', code: 'invalid_items', line: null }));
  expect(JSON.stringify(refused)).not.toContain('hunter2');
  const from = encodeURIComponent(new Date(Date.now() + 60_000).toISOString());
  expect(await rig.get<Losses>(`/api/v1/losses?from=${from}`)).toEqual({ items: [], refused: [] });
});

describe('one event', () => {
  it('has its chain, breadcrumbs, tags, owner, trace, attachments and words of the user', async () => {
    const id = newId();
    const frames = [
      { filename: 'src/checkout/pay.ts', function: 'pay', lineno: 7, colno: 3, in_app: true, context_line: 'throw e' },
    ];
    const event = errorEvent(id, {
      exception: {
        values: [
          { type: 'Cause', value: 'root' },
          { type: 'PayError', value: 'no money', stacktrace: { frames } },
        ],
      },
      breadcrumbs: [{ timestamp: 1, category: 'ui.click', message: 'button' }],
      tags: [['requestId', 'req-12345678']],
      contexts: { trace: { trace_id: 'ab'.repeat(16), span_id: 'cd'.repeat(8) } },
    });
    const words = {
      contexts: {
        feedback: {
          message: 'I could not pay',
          name: 'Ada',
          contact_email: 'ada@example.com',
          associated_event_id: id,
        },
      },
    };
    await rig.send(
      envelope(
        { event_id: id },
        ['event', event],
        [{ type: 'attachment', filename: 'state.bin', content_type: 'application/x', length: 3 }, '\u0001\u0002\u0003'],
      ),
    );
    await rig.send(envelope({ event_id: newId() }, ['feedback', words]));
    await rig.rows('SELECT 1 FROM feedback WHERE associatedEventId = {id:String}', { id });
    await rig.rows('SELECT 1 FROM attachments WHERE eventId = {id:String}', { id });
    const shown = await until(async () => {
      const found = await rig.get<ErrorEventDetail>(`/api/v1/events/${id}`);
      return found.id !== undefined && found;
    });
    expect(shown).toMatchObject({
      type: 'PayError',
      traceId: 'ab'.repeat(16),
      spanId: 'cd'.repeat(8),
      requestId: 'req-12345678',
      owners: ['team-checkout'],
      frames: [{ filename: 'src/checkout/pay.ts', function: 'pay', lineno: 7, colno: 3 }],
      feedback: [{ name: 'Ada', message: 'I could not pay' }],
    });
    expect(shown.exception.values.map(({ type }) => type)).toEqual(['Cause', 'PayError']);
    const [attachment] = shown.attachments;
    const answer = await fetch(`${rig.url}/api/v1/attachments/${attachment?.id}`);
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(Buffer.from([1, 2, 3]));
    expect(answer.headers.get('content-disposition')).toBe('attachment');
  });

  it('knows its neighbours', async () => {
    const now = Date.now() / 1_000;
    const ids: string[] = [];
    for (const offset of [30, 20, 10]) ids.push(await send({ type: 'NextError', more: { timestamp: now - offset } }));
    const middle = await rig.get<ErrorEventDetail>(`/api/v1/events/${ids[1]}`);
    expect([middle.previous, middle.next]).toEqual([ids[0], ids[2]]);
    const issue = await issueOf('NextError');
    const first = await rig.get<Page<{ id: string }>>(`/api/v1/errors/${issue.id}/events?limit=2`);
    expect(first.items.map((event) => event.id)).toEqual([ids[2], ids[1]]);
    const rest = await rig.get<Page<{ id: string }>>(
      `/api/v1/errors/${issue.id}/events?limit=2&cursor=${first.nextCursor}`,
    );
    expect(rest.items.map((event) => event.id)).toEqual([ids[0]]);
  });
});

describe('what is decided', () => {
  it('resolved in the next release: an event of this release changes nothing, one of the next is a regression', async () => {
    const more = (release: string) => ({ more: { release } });
    await send({ type: 'NextRelease', ...more('shop@2.0.0') });
    const { id } = await issueOf('NextRelease');
    const answer = await rig.postJson(`/api/v1/errors/${id}`, { action: 'resolve', in: 'next-release' });
    expect(answer.body).toMatchObject({
      status: 'resolved',
      resolution: { by: 'ada', release: 'shop@2.0.0', inNextRelease: true },
    });
    await send({ type: 'NextRelease', ...more('shop@2.0.0') });
    expect((await detail(id)).status).toBe('resolved');
    await send({ type: 'NextRelease', ...more('shop@2.1.0') });
    expect(await detail(id)).toMatchObject({ status: 'unresolved', substatus: 'regressed' });
  });

  it('resolved by a commit: a regression in the first release that has it, and in none before', async () => {
    const more = (release: string) => ({ more: { release } });
    await send({ type: 'ByCommit', ...more('shop@3.0.0') });
    const { id } = await issueOf('ByCommit');
    const resolve = (commit?: string) =>
      rig.postJson(`/api/v1/errors/${id}`, { action: 'resolve', in: 'commit', commit });
    expect((await resolve()).status).toBe(400);
    expect((await resolve('c0ffee1')).body).toMatchObject({ resolution: { release: null, commit: 'c0ffee1' } });
    await send({ type: 'ByCommit', ...more('shop@3.1.0') });
    expect((await detail(id)).status).toBe('resolved');
    const commits = [{ id: 'c0ffee1234567890' }];
    await rig.postJson('/api/0/organizations/any/releases/', { version: 'shop@3.2.0', projects: ['7'], commits });
    await send({ type: 'ByCommit', ...more('shop@3.2.0') });
    expect(await detail(id)).toMatchObject({ status: 'unresolved', substatus: 'regressed' });
  });

  it('ignored until so many events; assigned; every step is in the activity', async () => {
    await send({ type: 'Ignored' });
    const { id } = await issueOf('Ignored');
    await rig.postJson(`/api/v1/errors/${id}`, { action: 'assign', to: 'bo' });
    expect((await rig.postJson(`/api/v1/errors/${id}`, { action: 'ignore', count: 2 })).body).toMatchObject({
      status: 'ignored',
      assignee: 'bo',
    });
    expect((await list('&status=unresolved')).some((issue) => issue.id === id)).toBe(false);
    await send({ type: 'Ignored' });
    expect((await detail(id)).status).toBe('ignored');
    await send({ type: 'Ignored' });
    expect(await detail(id)).toMatchObject({ status: 'unresolved', substatus: 'ongoing' });
    expect((await detail(id)).activity.map(({ action }) => action)).toEqual(['error.ignore', 'error.assign']);
  });

  it('merged issues are one, also for later events and in SQL; a split brings them back', async () => {
    await send({ type: 'MergeA' });
    await send({ type: 'MergeB' });
    const [a, b] = [await issueOf('MergeA'), await issueOf('MergeB')];
    const merged = await rig.postJson(`/api/v1/errors/${a.id}/merge`, { ids: [b.id] });
    expect(merged.body).toMatchObject({ id: a.id, count: 2 });
    await send({ type: 'MergeB' });
    const whole = await detail(a.id);
    expect([whole.count, whole.groups.map(({ hash, merged }) => [hash, merged]).sort()]).toEqual([
      3,
      [
        [a.id, false],
        [b.id, true],
      ].sort(),
    ]);
    expect(whole.groups.find(({ hash }) => hash === b.id)?.parts).toEqual(['type MergeB', 'message it failed']);
    expect(
      await telemetry.telemetry.query('SELECT count() AS n FROM error_events WHERE groupId = {id:String}', {
        id: a.id,
      }),
    ).toEqual([{ n: 3 }]);
    expect((await list()).some(({ id }) => id === b.id)).toBe(false);
    await rig.postJson(`/api/v1/errors/${a.id}/split`, { groups: [b.id] });
    expect([(await detail(a.id)).count, (await detail(b.id)).count]).toEqual([1, 2]);
    expect((await rig.postJson(`/api/v1/errors/${a.id}/split`, { groups: [a.id] })).status).toBe(400);
  });
});

it('releases show deploys, new issues and how many sessions and people went without a crash', async () => {
  const release = 'crashy@1.0.0';
  const session = (sid: string, did: string, status: string) =>
    ['session', { sid, did, init: true, status, errors: 0, started: new Date().toISOString(), attrs: { release } }] as [
      string,
      unknown,
    ];
  const sids = [newId(), newId(), newId()];
  await rig.send(
    envelope(
      {},
      session(sids[0] as string, 'u1', 'ok'),
      session(sids[1] as string, 'u2', 'exited'),
      session(sids[2] as string, 'u1', 'crashed'),
    ),
  );
  await rig.send(envelope({}, session(sids[0] as string, 'u1', 'exited')));
  const aggregates = { attrs: { release }, aggregates: [{ started: new Date().toISOString(), exited: 6, crashed: 1 }] };
  await rig.send(envelope({}, ['sessions', aggregates]));
  await send({ type: 'ReleaseError', more: { release } });
  const deploy = await rig.postJson('/api/v1/deploys', { project: '7', version: release, environment: 'production' });
  expect(deploy.status).toBe(201);
  await until(async () => {
    const [row] = await telemetry.telemetry.query<{ n: number }>(
      'SELECT sum(greatest(1, exited + errored + crashed)) AS n FROM sessions WHERE release = {release:String}',
      { release },
    );
    return row?.n === 10;
  });
  const { items } = await rig.get<Page<ReleaseItem>>('/api/v1/releases?project=7');
  const found = items.find(({ version }) => version === release);
  expect(found).toMatchObject({
    sessions: 10,
    crashFreeSessions: 80,
    crashFreeUsers: 50,
    newIssues: 1,
    events: 1,
    deploys: [{ environment: 'production' }],
  });
});
