import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { FakeClock, systemClock } from '../src/lib/clock.ts';
import { createLog } from '../src/lib/log.ts';
import { DeliveryClaims } from '../src/observe/ingest/index.ts';
import { type InstanceOptions, Instances } from '../src/observe/instances/index.ts';
import type { StateStore } from '../src/store/state/index.ts';
import { until } from './ingest.ts';
import { type StateServer, startStateServer } from './support/state-server.ts';

let server: StateServer;
let db: StateStore;
const log = createLog(systemClock, () => undefined);
const ended: (() => Promise<void>)[] = [];

beforeAll(async () => {
  server = await startStateServer();
});
afterEach(async () => {
  for (const end of ended.splice(0)) await end();
  await server.closeDatabases();
});
afterAll(() => server.stop());

const pipeline = { spoolBytes: 1, lagSeconds: 0, rejected: 0, dropped: 0 };

function instance(name: string, options: Partial<InstanceOptions<string>> = {}) {
  const clock = new FakeClock(Date.now());
  const done: string[] = [];
  const made = new Instances<string>({
    ...{ db, clock, log, instance: name, roles: ['worker'], version: '1', url: `http://${name}`, keys: ['k'] },
    report: async () => ({ problems: [`${name} is slow`], conditions: [`${name} knows`], pipeline }),
    duty: { begin: async () => void done.push('begin'), end: async () => void done.push('end') },
    needed: { worker: 'nobody works', ingest: 'nobody takes' },
    ...options,
  });
  ended.push(() => made.stop());
  return { made, clock, done };
}

/** Lets time pass for an instance until something holds of it. */
const passing = ({ clock }: { clock: FakeClock }, holds: () => boolean) =>
  until(async () => {
    await clock.advance(2_500);
    return holds();
  });

/** As if an instance had not been heard since. */
const age = (name: string, seconds: number) =>
  db.query(`UPDATE instances SET seen_at = seen_at - make_interval(secs => $2) WHERE instance = $1`, [name, seconds]);

describe('instances on one state store', () => {
  test('one of them has the duty, and another takes it when it takes leave or is gone', async () => {
    ({ db } = await server.database());
    const [a, b] = [instance('a'), instance('b')];
    await a.made.start();
    await until(() => a.made.onDuty);
    await b.made.start();
    await passing(b, () => b.made.others().length === 1);
    expect([a.done, b.done]).toEqual([['begin'], []]);
    expect(b.made.problems()).toEqual(['nobody takes', 'http://a: a is slow']);
    expect(b.made.conditions()).toEqual(['a knows']);
    expect(b.made.pipeline(pipeline).spoolBytes).toBe(2);

    await a.made.stop();
    await passing(b, () => b.made.onDuty);
    expect([a.done, b.done]).toEqual([['begin', 'end'], ['begin']]);
    expect(b.made.gone()).toEqual([]);

    const c = instance('c');
    await c.made.start();
    await age('b', 20);
    await db.query(`UPDATE instance_duties SET lease_until = clock_timestamp() - interval '1 s'`);
    await passing(c, () => c.made.onDuty);
    expect(c.made.problems()[1]).toMatch(/^The instance at http:\/\/b \(worker\) has not been heard since 20/);
    expect(await c.made.list()).toMatchObject([
      { instance: 'b', state: 'away', caretaker: false },
      { instance: 'c', state: 'live', caretaker: true, self: true },
    ]);
    // It was only slow: what it lost it lets go.
    await passing(b, () => !b.made.onDuty);
    expect(b.done).toEqual(['begin', 'end']);
  });

  test('one with another secret key is refused and leaves no trace', async () => {
    ({ db } = await server.database());
    await instance('a').made.start();
    const stranger = instance('b', { keys: ['other'] });
    await expect(stranger.made.start()).rejects.toMatchObject({ code: 'secret_key_differs' });
    expect(await db.query('SELECT instance FROM instances')).toEqual([{ instance: 'a' }]);
    // While the key is changed, instances with the new one know the old one.
    await instance('c', { keys: ['other', 'k'] }).made.start();
  });
});

describe('a delivery that comes again', () => {
  const claims = (name: string, known: Record<string, number> = {}) => {
    const made = new DeliveryClaims({ db, instance: name, clock: systemClock, log });
    made.start(async (key) => (known[key] === undefined ? undefined : { accepted: known[key], rejected: [] }));
    ended.push(() => made.stop());
    return made;
  };
  const taken = (accepted: number) => async () => ({ accepted, rejected: [] });
  const never = async () => {
    throw new Error('taken twice');
  };

  test('to another instance gets the first answer', async () => {
    ({ db } = await server.database());
    const [a, b] = [claims('a'), claims('b')];
    expect(await a.once('x', taken(7))).toMatchObject({ answer: { accepted: 7 }, repeated: false });
    const again = await until(() => b.once('x', never).catch((error: { code: string }) => error.code === 'no' && null));
    expect(again).toMatchObject({ answer: { accepted: 7 }, repeated: true });
  });

  test('to another instance while the first may have it is to be sent again', async () => {
    ({ db } = await server.database());
    const [a, b] = [claims('a'), claims('b')];
    let end: (accepted: number) => void = () => undefined;
    const first = a.once(
      'x',
      () => new Promise((resolve) => (end = (accepted) => resolve({ accepted, rejected: [] }))),
    );
    await until(async () => (await db.query('SELECT 1 FROM ingest_claims')).length > 0);
    await expect(b.once('x', never)).rejects.toMatchObject({ code: 'delivery_elsewhere', status: 503, retryAfter: 1 });
    end(3);
    expect(await first).toMatchObject({ answer: { accepted: 3 } });
  });

  test('may be taken by another after the first refused it', async () => {
    ({ db } = await server.database());
    const [a, b] = [claims('a'), claims('b')];
    await expect(a.once('x', () => Promise.reject(new Error('bad')))).rejects.toThrow('bad');
    expect(await until(() => b.once('x', taken(2)).catch(() => undefined))).toMatchObject({ repeated: false });
  });

  test('after the first was killed waits for what that one has on disk, and no longer than a quarter of an hour', async () => {
    ({ db } = await server.database());
    await db.query(
      `INSERT INTO ingest_claims (key, instance, claimed_at) VALUES ('kept', 'a', clock_timestamp()),
       ('void', 'gone', clock_timestamp() - interval '16 minutes')`,
    );
    const b = claims('b');
    await expect(b.once('kept', never)).rejects.toMatchObject({ code: 'delivery_elsewhere' });
    expect(await b.once('void', taken(1))).toMatchObject({ repeated: false });
    claims('a', { kept: 5 });
    expect(await until(() => b.once('kept', never).catch(() => undefined))).toMatchObject({ answer: { accepted: 5 } });
  });

  test('is taken without a claim while the state store is away', async () => {
    const away = { query: async () => Promise.reject(outage), transaction: async () => Promise.reject(outage) };
    const outage = Object.assign(new Error('away'), { code: 'state_unavailable' });
    const alone = new DeliveryClaims({ db: away as never, instance: 'a', clock: systemClock, log });
    expect(await alone.once('x', taken(4))).toMatchObject({ answer: { accepted: 4 }, repeated: false });
  });
});
