import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SecurityEventItem, SecurityRestrictions, SecuritySource, SecuritySummary } from '@yumops/protocol';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { until } from '../ingest.ts';
import { cityDatabase } from '../support/mmdb.ts';
import {
  emptySecurityStores,
  openSecurityStores,
  type SecurityInstance,
  type SecurityStores,
  signIn,
  startSecurityInstance,
} from './security-rig.ts';

const HOUR = 3_600_000;

let stores: SecurityStores;
let one: SecurityInstance;

beforeAll(async () => {
  stores = await openSecurityStores();
});

afterAll(() => stores.stop());

beforeEach(async () => {
  await emptySecurityStores(stores);
  one = await startSecurityInstance(stores);
});

afterEach(() => one.stop());

const failures = (count: number, more: (index: number) => Record<string, unknown> = () => ({})) =>
  Array.from({ length: count }, (_, index) => signIn(false, more(index)));

const found = (code: string, from = one) =>
  until(async () => (await from.detections()).find((detection) => detection.code === code));

/** Everything that was sent before has been looked at and written. */
async function settled(marker: string): Promise<void> {
  await one.send(failures(5, () => ({ account: marker, ip: '192.0.2.250' })));
  await until(async () => (await one.detections()).some(({ keys }) => keys.ip === '192.0.2.250'));
}

/** Other instances were told of everything that was sent before: they are, once what was found in it is stored. */
async function told(): Promise<void> {
  await settled('marker');
  await one.send(failures(5, () => ({ account: 'marker', ip: '192.0.2.251' })));
  await until(async () => (await one.detections()).some(({ keys }) => keys.ip === '192.0.2.251'));
}

test('the fifth failure is brute force within two seconds; the account is stored hashed, the block names pair and reason', async () => {
  await one.send(failures(4));
  await settled('marker');
  expect((await one.detections()).filter(({ keys }) => keys.ip === '203.0.113.9')).toEqual([]);
  await one.send(failures(1, () => ({ account: 'ALICE@example.com ' })));
  const sentAt = systemClock.monotonic();
  const detection = await until(async () => (await one.detections()).find(({ keys }) => keys.ip === '203.0.113.9'));
  expect(systemClock.monotonic() - sentAt).toBeLessThan(2_000);
  expect(detection).toMatchObject({ code: 'brute_force', count: 5, severity: 'high', keys: { network: null } });
  expect(detection.keys.account).toMatch(/^acct_[0-9a-f]{24}$/);
  const block = (await one.blocks()).find(({ value }) => value.startsWith('203.0.113.9|'));
  expect(block).toMatchObject({ kind: 'pair', value: `203.0.113.9|${detection.keys.account}`, author: 'detection' });
  expect(block?.why).toContain('5 failed sign-ins');
  expect(Date.parse(block?.until ?? '')).toBeGreaterThan(systemClock.now() + 0.9 * HOUR);

  await one.send(failures(3));
  await until(async () => (await one.detections()).some(({ keys, count }) => keys.ip === '203.0.113.9' && count === 8));
  const raw = await until(async () => {
    const rows = await stores.telemetry.telemetry.query<{ text: string }>(
      `SELECT toString(tuple(*)) AS text FROM logs WHERE type = 'security' AND ip = '203.0.113.9'`,
    );
    return rows.length === 8 && rows;
  });
  expect(raw.filter(({ text }) => /alice/i.test(text))).toEqual([]);
});

test('a block is lifted with an audit row, stays lifted until it is earned anew, and an unknown id is a 404', async () => {
  await one.send(failures(5));
  await found('brute_force');
  const [block] = await one.blocks();
  const path = `${one.url}/api/v1/security/blocks/${block?.id}`;
  expect((await fetch(path, { method: 'DELETE' })).status).toBe(204);
  expect((await fetch(path, { method: 'DELETE' })).status).toBe(404);
  await one.send(failures(4));
  await settled('marker');
  expect((await one.blocks()).filter(({ value }) => value.startsWith('203.0.113.9'))).toEqual([]);
  await one.send(failures(1));
  await until(async () => (await one.blocks()).some(({ value }) => value.startsWith('203.0.113.9')));
  const rows = await stores.state.db.query<{ actor: string; action: string }>(
    `SELECT actor, action FROM audit_log WHERE target = $1 ORDER BY id`,
    [block?.id ?? ''],
  );
  expect(rows).toEqual([
    { actor: 'detection', action: 'security.block' },
    { actor: 'ada@yumzoom.com', action: 'security.unblock' },
  ]);
});

test.each([
  ['an address', { kind: 'ip', value: '203.0.113.80' }, 201],
  ['a network', { kind: 'network', value: '203.0.113.0/24' }, 201],
  ['no address', { kind: 'ip', value: 'example.com' }, 400],
  ['the whole internet', { kind: 'network', value: '0.0.0.0/0' }, 400],
  ['an account alone', { kind: 'account', value: 'acct_1' }, 400],
  ['an address of the allow list', { kind: 'ip', value: '10.9.0.7' }, 400],
])('a block by hand of %s', async (_, block, status) => {
  one.allow.push('10.9.0.0/16');
  const answer = await fetch(`${one.url}/api/v1/security/blocks`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...block, why: 'seen in another log', for: '2h' }),
  });
  expect(answer.status).toBe(status);
  expect(await one.blocks()).toHaveLength(status === 201 ? 1 : 0);
});

test('who is on the allow list is detected and never shut out', async () => {
  one.allow.push('203.0.113.0/24');
  await one.send(failures(12, (i) => ({ account: `user${i}` })));
  await found('password_spraying');
  expect(await one.blocks()).toEqual([]);
});

test('what a crash or a restart forgot is learnt again from the store', async () => {
  await one.send(failures(4));
  await until(async () => {
    const [row] = await stores.telemetry.telemetry.query<{ n: number }>('SELECT count() AS n FROM security_event_rows');
    return row?.n === 4;
  });
  await one.stop();
  one = await startSecurityInstance(stores);
  await one.send(failures(1));
  expect(await found('brute_force')).toMatchObject({ count: 5 });
});

test('impossible travel is seen by the addresses alone, where a file of places is named', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'yumops-places-'));
  const file = join(folder, 'city.mmdb');
  const places = [
    { network: '203.0.113.0/24', country: 'GB', lat: 51.5, lon: -0.13 },
    { network: '198.51.100.0/24', country: 'AU', lat: -33.87, lon: 151.21 },
  ];
  await writeFile(file, cityDatabase(places));
  const placed = await startSecurityInstance(stores, file);
  try {
    await placed.send([signIn(true, { ip: '203.0.113.9' })]);
    await placed.send([signIn(true, { ip: '198.51.100.9' })]);
    const detection = await found('impossible_travel', placed);
    expect(detection).toMatchObject({ keys: { ip: '198.51.100.9' }, evidence: { from: 'GB', to: 'AU' } });
    const { notes } = await placed.get<{ notes: { code: string }[] }>('/api/v1/security/summary');
    expect(notes.map(({ code }) => code)).not.toContain('no_location');
  } finally {
    await placed.stop();
    await rm(folder, { recursive: true, force: true });
  }
});

test('two instances count together, and both know the block', async () => {
  const other = await startSecurityInstance(stores);
  await one.send(failures(3));
  await until(() => other.watch.stats().pairs === 1);
  await other.send(failures(2));
  expect(await found('brute_force', other)).toMatchObject({ count: 5 });
  await until(() => one.watch.inForce.list(null).items.length === 1);
  await other.stop();
});

test('an instance that starts counts what another one took and has not stored', async () => {
  one.faults.shut = true;
  await one.send(failures(4));
  await told();
  const other = await startSecurityInstance(stores, null, [one]);
  await other.send(failures(1));
  expect(
    await until(async () => (await other.detections()).find(({ keys }) => keys.ip === '203.0.113.9')),
  ).toMatchObject({ code: 'brute_force', count: 5 });
  one.faults.shut = false;
  await other.stop();
});

test('an instance that heard nothing for a while asks for what it missed, and counts it once', async () => {
  const other = await startSecurityInstance(stores, null, [one]);
  await one.send(failures(2));
  await until(() => other.watch.stats().pairs === 1);
  other.faults.deaf = true;
  await one.send(failures(1, () => ({ account: 'bob' })));
  await one.send(failures(2));
  await told();
  other.faults.deaf = false;
  const drop = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'yumops signals'`;
  await stores.state.db.query(drop);
  // Alice and Bob, and the markers.
  await until(() => other.watch.stats().pairs === 4);
  await other.send(failures(1));
  expect(
    await until(async () => (await other.detections()).find(({ keys }) => keys.ip === '203.0.113.9')),
  ).toMatchObject({ code: 'brute_force', count: 5 });
  await other.stop();
});

test('who was pardoned is pardoned on every instance, and after a restart', async () => {
  const other = await startSecurityInstance(stores, null, [one]);
  await one.send(failures(5));
  await found('brute_force');
  const [block] = await one.blocks();
  await until(() => other.watch.stats().pairs === 1);
  expect((await fetch(`${one.url}/api/v1/security/blocks/${block?.id}`, { method: 'DELETE' })).status).toBe(204);
  await until(() => other.watch.stats().pairs === 0);
  await other.send(failures(2));
  await until(() => one.watch.stats().pairs === 1);
  await other.stop();
  const third = await startSecurityInstance(stores, null, [one]);
  await third.send(failures(2));
  await until(() => third.watch.stats().events === 2);
  await settled('marker');
  const isShut = async () => (await third.blocks()).some(({ value }) => value.startsWith('203.0.113.9'));
  expect(await isShut()).toBe(false);
  await third.send(failures(1));
  await until(isShut);
  await third.stop();
});

test('applications read the list of their own project with the key of a server, and are told of a change', async () => {
  const path = `${one.url}/ingest/security/restrictions`;
  const headers = { 'x-yumops-key': 'key-7' };
  expect((await fetch(path)).status).toBe(401);
  expect((await fetch(path, { headers: { 'x-yumops-key': 'public' } })).status).toBe(403);
  const stop = new AbortController();
  const stream = await fetch(`${path}/stream`, { headers, signal: stop.signal });
  const told: SecurityRestrictions[] = [];
  const reading = (async () => {
    let text = '';
    for await (const chunk of stream.body ?? []) {
      text += Buffer.from(chunk).toString();
      for (const [, data] of text.matchAll(/event: restrictions\ndata: (.*)\n\n/g))
        told.push(JSON.parse(data as string));
      text = text.slice(text.lastIndexOf('\n\n') + 2);
    }
  })().catch(() => undefined);
  await until(() => told.length === 1);
  expect(told[0]?.items).toEqual([]);
  await one.send(failures(5), 'key-7');
  await until(() => told.some(({ items }) => items.length === 1 && items[0]?.kind === 'pair'));
  stop.abort();
  await reading;
  const first = await fetch(path, { headers });
  expect(((await first.json()) as SecurityRestrictions).items).toMatchObject([{ action: 'block', kind: 'pair' }]);
  const again = await fetch(path, { headers: { ...headers, 'if-none-match': first.headers.get('etag') ?? '' } });
  expect(again.status).toBe(304);
  expect(
    ((await (await fetch(path, { headers: { 'x-yumops-key': 'key-8' } })).json()) as SecurityRestrictions).items,
  ).toEqual([]);
});

test('the pages: events by address and account, sources by network, the summary', async () => {
  await one.send([
    ...failures(3),
    ...failures(2, (i) => ({ ip: `2001:db8:1:2::${i + 1}`, account: 'bob' })),
    signIn(true, { account: 'carol', ip: '198.51.100.4' }),
    { type: 'security', event: 'unauthorized_access', severity: 'medium', ip: '203.0.113.9', endpoint: '/admin' },
  ]);
  const events = await until(async () => {
    const page = await one.get<{ items: SecurityEventItem[] }>('/api/v1/security/events');
    return page.items.length === 7 && page.items;
  });
  const account = events.find(({ ip }) => ip === '203.0.113.9')?.account ?? events[0]?.account;
  const count = async (query: string) =>
    (await one.get<{ items: SecurityEventItem[] }>(`/api/v1/security/events?${query}`)).items.length;
  expect(await count('ip=203.0.113.9')).toBe(4);
  expect(await count('network=2001:db8:1:2::/64')).toBe(2);
  expect(await count('event=authn_login_success')).toBe(1);
  expect(
    await count(
      `account=${events.find(({ event, ip }) => event === 'failed_authentication' && ip === '203.0.113.9')?.account ?? account}`,
    ),
  ).toBe(3);
  const { items: sources } = await one.get<{ items: SecuritySource[] }>('/api/v1/security/sources');
  expect(sources).toMatchObject([
    { network: '203.0.113.0/24', failures: 3, events: 4, addresses: 1 },
    { network: '2001:db8:1:2::/64', failures: 2, addresses: 2, accounts: 1 },
    { network: '198.51.100.0/24', failures: 0, successes: 1 },
  ]);
  const summary = await one.get<SecuritySummary>('/api/v1/security/summary');
  expect(summary.series.reduce((sum, { failures: failed }) => sum + failed, 0)).toBe(5);
  expect(summary.notes).toMatchObject([{ code: 'no_location' }]);
});
