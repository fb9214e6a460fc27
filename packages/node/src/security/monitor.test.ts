import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { capturingLogger } from '../testing/capturing-logger.ts';
import type { JsonRecord } from '../testing/recording-server.ts';
import { until } from '../testing/recording-server.ts';
import { SecurityMonitor } from './monitor.ts';
import type { Detection } from './options.ts';
import { PlatformList } from './platform-list.ts';

const MINUTE = 60_000;
const IP = '203.0.113.9';

let now: number;
let monitor: SecurityMonitor;
let records: JsonRecord[];
let detections: Detection[];

beforeEach(() => {
  now = Date.UTC(2026, 10, 30);
  const captured = capturingLogger();
  records = captured.records;
  monitor = new SecurityMonitor({ logger: captured.logger, now: () => now, follow: false, allow: ['192.0.2.0/24'] });
  detections = [];
  monitor.onDetection((detection) => detections.push(detection));
});

afterEach(() => monitor.close());

const fail = (account: string, ip = IP) => monitor.trackLogin({ ok: false, account, ip, reason: 'bad_password' });
const enter = (account: string, ip = IP) => monitor.trackLogin({ ok: true, account, ip });

async function times(count: number, act: (index: number) => Promise<void>): Promise<void> {
  for (let index = 0; index < count; index += 1) await act(index);
}

describe("the guide's four calls", () => {
  it('tell of a failed sign-in by both names, with the account hashed', async () => {
    monitor.trackFailedAuthentication('::ffff:203.0.113.9', 'Alice@Example.com', 'bad_password');
    await until(() => records.length === 1);
    expect(records[0]).toMatchObject({
      ...{ type: 'security', event: 'failed_authentication', severity: 'medium', owasp: 'authn_login_fail' },
      ...{ ip: IP, reason: 'bad_password', account: expect.stringMatching(/^acct_[0-9a-f]{24}$/) },
    });
    expect(JSON.stringify(records)).not.toMatch(/alice/i);
  });

  it('a sign-in tells of its user agent, cut', async () => {
    await monitor.trackLogin({ ok: true, account: 'a', ip: IP, ua: `Firefox ${'x'.repeat(1_000)}` });
    expect(records[0]).toMatchObject({ event: 'successful_authentication', userAgent: `Firefox ${'x'.repeat(248)}` });
  });

  it('tell of input by its hash, length and kind, never of the input', () => {
    const input = `' OR 1=1 -- my password is hunter2`;
    monitor.trackInputValidationFailure(IP, input, '/api/search');
    expect(records[0]).toMatchObject({
      ...{ event: 'input_validation_failure', owasp: 'input_validation_fail', endpoint: '/api/search' },
      ...{ inputHash: expect.stringMatching(/^[0-9a-f]{24}$/), inputLength: input.length, looksLike: 'sql' },
    });
    expect(JSON.stringify(records)).not.toMatch(/hunter2|OR 1/);
  });

  it('tell of refused access and of what looks odd, and neither is an error', () => {
    monitor.trackUnauthorizedAccess(IP, '/admin', 'GET');
    monitor.trackSuspiciousActivity('42', 'price_changed_in_form', { field: 'total' });
    monitor.event('session_use_after_expire', 'low', { userId: '42' });
    expect(records).toMatchObject([
      { event: 'unauthorized_access', owasp: 'authz_fail', resource: '/admin', method: 'GET', level: 'warn' },
      { event: 'suspicious_activity', severity: 'high', userId: '42', activity: 'price_changed_in_form' },
      { event: 'session_use_after_expire', owasp: 'session_use_after_expire', level: 'info' },
    ]);
  });
});

describe('what a request brings in place of texts', () => {
  const strange = [undefined, null, { $ne: null }, ['a'], 5, Symbol('x'), Object.create(null)];

  it('neither throws nor rejects, in any call', async () => {
    for (const bad of strange as never[]) {
      monitor.trackFailedAuthentication(bad, bad, bad);
      monitor.trackUnauthorizedAccess(bad, bad, bad);
      monitor.trackInputValidationFailure(bad, bad, bad);
      monitor.trackSuspiciousActivity(bad, bad, bad);
      monitor.event(bad, bad, bad);
      await monitor.trackLogin(bad);
      await monitor.trackLogin({ ok: true, account: bad, ip: bad, ua: bad, device: bad, geo: bad, userId: bad });
      await monitor.guardLogin(bad);
      await monitor.guardLogin({ account: bad, ip: bad });
      await monitor.isBlocked(bad, bad);
      await monitor.unblock(bad);
    }
    expect(records.length).toBeGreaterThanOrEqual(7 * strange.length);
  });

  it('is counted all the same', async () => {
    await times(5, () => fail({ $ne: null } as never));
    expect(detections).toMatchObject([{ code: 'brute_force', ip: IP }]);
  });
});

it('leaves networks of the allow list out that are none', async () => {
  const { logger } = capturingLogger();
  const careless = new SecurityMonitor({ logger, follow: false, allow: ['203.0.113.0/99', 'x', '203.0.113.0/24'] });
  expect(await careless.isBlocked(IP)).toBe(false);
  careless.close();
});

describe('one address on one account', () => {
  it('is shut out by the fifth failure within an hour, for that account alone, and for an hour', async () => {
    await times(4, () => fail('alice'));
    expect(await monitor.guardLogin({ ip: IP, account: 'alice' })).toMatchObject({ allow: true, delayMs: 1_000 });
    await fail('ALICE ');
    expect(await monitor.guardLogin({ ip: IP, account: 'alice' })).toMatchObject({
      ...{ allow: false, retryAfterMs: 60 * MINUTE },
      reason: '5 failed sign-ins from 203.0.113.9 on one account within an hour.',
    });
    expect(await monitor.isBlocked(IP, 'alice')).toBe(true);
    expect(await monitor.isBlocked(IP, 'bob')).toBe(false);
    expect(await monitor.isBlocked('203.0.113.10', 'alice')).toBe(false);
    expect(detections).toMatchObject([{ code: 'brute_force', source: 'app', ip: IP, count: 5 }]);
    now += 60 * MINUTE + 1;
    expect(await monitor.guardLogin({ ip: IP, account: 'alice' })).toMatchObject({ allow: true, delayMs: 0 });
  });

  it('an attempt that is refused is told of, and prolongs nothing', async () => {
    await times(5, () => fail('alice'));
    now += 30 * MINUTE;
    const refused = await monitor.guardLogin({ ip: IP, account: 'alice' });
    expect(refused.retryAfterMs).toBe(30 * MINUTE);
    expect(records.at(-1)).toMatchObject({ event: 'failed_authentication', reason: 'blocked' });
  });

  it('a success begins the count anew', async () => {
    await times(4, () => fail('alice'));
    await enter('alice');
    await times(4, () => fail('alice'));
    expect(detections).toEqual([]);
  });

  it('is let in again by unblock, with the pair as the detection names it', async () => {
    await times(5, () => fail('alice'));
    await monitor.unblock(detections[0]?.restriction.value ?? '');
    expect(await monitor.isBlocked(IP, 'alice')).toBe(false);
    await times(4, () => fail('alice'));
    expect(await monitor.isBlocked(IP, 'alice')).toBe(false);
  });
});

describe('one address on many accounts', () => {
  it('is shut out as a whole by the tenth account', async () => {
    await times(9, (index) => fail(`user${index}`));
    expect(await monitor.isBlocked(IP)).toBe(false);
    await fail('user9');
    expect(await monitor.isBlocked(IP)).toBe(true);
    expect(detections).toMatchObject([{ code: 'password_spraying', count: 10, restriction: { kind: 'ip' } }]);
  });

  it('behind which 500 honest people sign in is never shut out', async () => {
    await times(500, async (index) => {
      await times(index % 3, () => fail(`guest${index}`));
      expect(await monitor.guardLogin({ ip: IP, account: `guest${index}` })).toMatchObject({ allow: true });
      await enter(`guest${index}`);
    });
    expect(detections).toEqual([]);
  });

  it('of the allow list is never shut out', async () => {
    await times(20, (index) => fail(`user${index}`, '192.0.2.7'));
    expect(await monitor.isBlocked('192.0.2.7')).toBe(false);
  });
});

it('an account that many addresses guess at is challenged, never locked; a trusted device is let through', async () => {
  await times(10, (index) => fail('alice', `10.0.0.${index}`));
  const owner = { ip: '198.51.100.1', account: 'alice' };
  expect(await monitor.guardLogin(owner)).toMatchObject({ allow: true, challenge: true });
  expect(await monitor.guardLogin({ ...owner, trustedDevice: true })).toMatchObject({ allow: true, challenge: false });
});

it('a listener that throws harms nobody', async () => {
  monitor.onDetection(() => {
    throw new Error('listener');
  });
  await times(5, () => fail('alice'));
  expect(records.at(-1)).toMatchObject({ level: 'error' });
});

it('is healthy with counters of its own alone', async () => {
  expect(await monitor.healthCheck().run(new AbortController().signal)).toMatchObject({
    status: 'healthy',
    details: { counters: 'none', blockList: 'none' },
  });
});

it.each([
  ['a key that no header may carry', 'http://127.0.0.1:9', 'a\nb'],
  ['an address of another protocol', 'ftp://127.0.0.1', 'a'],
])('does without the block list with %s', (_what, url, key) => {
  const added = () => undefined;
  const list = new PlatformList({ url, key, now: () => now, backoff: 1, added, lifted: added });
  list.start();
  expect(list.trouble).toMatch(/invalid character|not supported/i);
  list.close();
});
