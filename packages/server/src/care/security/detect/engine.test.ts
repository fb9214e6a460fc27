import { describe, expect, test } from 'vitest';
import type { Hit } from '../detection.ts';
import type { SecurityEvent } from '../event.ts';
import { DetectionEngine } from './engine.ts';

const START = Date.UTC(2026, 10, 30, 8);
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const newEngine = () => new DetectionEngine(() => ({ failures: 20, within: 24 * HOUR }));

function event(kind: SecurityEvent['kind'], at: number, more: Partial<SecurityEvent> = {}): SecurityEvent {
  return {
    ...{ id: '', at: START + at, project: '1', kind, ip: '203.0.113.9', account: 'alice', unknownUser: false },
    ...{ place: null, device: null, path: null },
    ...more,
  };
}

/** Feeds events and gives the hits of each. */
function feed(engine: DetectionEngine, events: readonly SecurityEvent[]): Hit[][] {
  return events.map((one) => engine.take(one));
}

const codesOf = (hits: readonly Hit[]) => hits.map(({ code }) => code);
const firstWith = (all: readonly Hit[][], code: Hit['code']) => all.findIndex((hits) => codesOf(hits).includes(code));
const times = (count: number, make: (index: number) => SecurityEvent) =>
  Array.from({ length: count }, (_, i) => make(i));

describe('one address on one account', () => {
  test('the fifth failure within an hour is brute force, and shuts out the pair alone', () => {
    const hits = feed(
      newEngine(),
      times(6, (i) => event('failure', i * MINUTE)),
    );
    expect(hits.slice(0, 4).flat()).toEqual([]);
    expect(hits[4]).toMatchObject([
      {
        code: 'brute_force',
        count: 5,
        keys: { ip: '203.0.113.9', network: null, account: 'alice' },
        restriction: { action: 'block', kind: 'pair', value: '203.0.113.9|alice' },
      },
    ]);
    expect(codesOf(hits[5] as Hit[])).toEqual(['brute_force']);
  });

  test.each([
    ['just inside the hour', HOUR / 4 - 1, 'brute_force'],
    ['outside', HOUR / 4, undefined],
  ])('five failures %s', (_, apart, code) => {
    const last = feed(
      newEngine(),
      times(5, (i) => event('failure', i * apart)),
    ).at(-1) as Hit[];
    expect(last[0]?.code).toBe(code);
  });

  test('events out of order are counted by their own time', () => {
    const order = [4, 0, 3, 1, 2];
    expect(
      firstWith(
        feed(
          newEngine(),
          order.map((i) => event('failure', i * MINUTE)),
        ),
        'brute_force',
      ),
    ).toBe(4);
  });

  test('a success in between begins the count anew', () => {
    const engine = newEngine();
    const four = times(4, (i) => event('failure', i * SECOND));
    expect(
      feed(engine, [
        ...four,
        event('success', 5 * SECOND),
        ...times(4, (i) => event('failure', (6 + i) * SECOND)),
      ]).flat(),
    ).toEqual([]);
  });

  test('an address that changes within its IPv6 network is one', () => {
    const hits = feed(
      newEngine(),
      times(5, (i) => event('failure', i * SECOND, { ip: `2001:db8:0:7::${i + 1}` })),
    );
    expect(hits[4]).toMatchObject([
      {
        keys: { ip: null, network: '2001:db8:0:7::/64', account: 'alice' },
        restriction: { value: '2001:db8:0:7::/64|alice' },
      },
    ]);
  });

  test('guessing once an hour is found at the twentieth failure', () => {
    const hits = feed(
      newEngine(),
      times(30, (i) => event('failure', i * HOUR)),
    );
    expect(firstWith(hits, 'brute_force')).toBe(19);
    expect(hits[19]?.[0]?.evidence.summary).toContain('24 hours');
  });

  test('projects are apart', () => {
    const engine = newEngine();
    const hits = feed(
      engine,
      times(8, (i) => event('failure', i * SECOND, { project: String(1 + (i % 2)) })),
    );
    expect(hits.flat()).toEqual([]);
  });
});

describe('one address on many accounts', () => {
  test('the tenth account is spraying, and shuts the address out', () => {
    const hits = feed(
      newEngine(),
      times(200, (i) => event('failure', i * SECOND, { account: `user${i}` })),
    );
    expect(firstWith(hits, 'password_spraying')).toBe(9);
    expect(hits[9]).toMatchObject([{ restriction: { action: 'block', kind: 'ip', value: '203.0.113.9' } }]);
    expect(firstWith(hits, 'brute_force')).toBe(-1);
  });

  test('accounts that do not exist are enumeration', () => {
    const hits = feed(
      newEngine(),
      times(12, (i) => event('failure', i * SECOND, { account: `x${i}`, unknownUser: true })),
    );
    expect(firstWith(hits, 'user_enumeration')).toBe(9);
    expect(firstWith(hits, 'password_spraying')).toBe(-1);
  });

  test('several addresses of a network together are spraying of the network', () => {
    const hits = feed(
      newEngine(),
      times(20, (i) => event('failure', i * SECOND, { account: `u${i}`, ip: `198.51.100.${1 + (i % 5)}` })),
    );
    expect(firstWith(hits, 'password_spraying')).toBe(19);
    expect(hits[19]?.[0]).toMatchObject({ keys: { network: '198.51.100.0/24' }, restriction: { kind: 'network' } });
  });

  test('four failures on each of nine accounts are too many for an address', () => {
    const hits = feed(
      newEngine(),
      times(36, (i) => event('failure', i * SECOND, { account: `u${i % 9}` })),
    );
    expect(firstWith(hits, 'brute_force')).toBe(29);
    expect(hits[29]?.[0]?.restriction).toMatchObject({ kind: 'ip' });
  });

  test('five hundred honest people behind one address lock nobody out', () => {
    const visits = Array.from({ length: 500 }, (_, i) => {
      const account = `guest${i}`;
      const slips = times(i % 3, () => event('failure', i * SECOND, { account }));
      // One in twenty gives up.
      return i % 20 === 1 ? slips : [...slips, event('success', i * SECOND + 500, { account })];
    }).flat();
    expect(feed(newEngine(), visits).flat()).toEqual([]);
  });

  test('an attacker among them is found, and the address is challenged, not shut out', () => {
    const engine = newEngine();
    feed(
      engine,
      times(100, (i) => event('success', i * SECOND, { account: `guest${i}` })),
    );
    const hits = feed(
      engine,
      times(60, (i) => event('failure', (100 + i) * SECOND, { account: `victim${i}` })),
    );
    expect(firstWith(hits, 'password_spraying')).toBe(49);
    expect(hits[49]?.[0]?.restriction).toEqual({ action: 'challenge', kind: 'ip', value: '203.0.113.9' });
  });
});

describe('many addresses', () => {
  const bots = (count: number, account: (i: number) => string) =>
    times(count, (i) => event('failure', i * SECOND, { ip: `10.${i % 250}.${i >> 8}.7`, account: account(i) }));

  test('on many accounts are stuffing, at the fiftieth; everybody is challenged, nobody shut out', () => {
    const hits = feed(
      newEngine(),
      bots(500, (i) => `user${i}`),
    );
    expect(firstWith(hits, 'credential_stuffing')).toBe(49);
    expect(hits.flat().filter(({ restriction }) => restriction?.action === 'block')).toEqual([]);
  });

  test('on one account are brute force, and the account is challenged, never locked', () => {
    const hits = feed(
      newEngine(),
      bots(12, () => 'alice'),
    );
    expect(firstWith(hits, 'brute_force')).toBe(9);
    expect(hits[9]?.[0]).toMatchObject({
      keys: { ip: null, network: null, account: 'alice' },
      restriction: { action: 'challenge', kind: 'account' },
    });
  });

  test('that mostly enter are visitors', () => {
    const visitors = times(400, (i) =>
      event(i % 4 === 0 ? 'failure' : 'success', i * SECOND, { ip: `10.1.${i >> 8}.${i % 256}`, account: `u${i}` }),
    );
    expect(codesOf(feed(newEngine(), visitors).flat())).not.toContain('credential_stuffing');
  });
});

describe('a success', () => {
  test('after five failures of the pair is a takeover', () => {
    const engine = newEngine();
    feed(
      engine,
      times(5, (i) => event('failure', i * SECOND)),
    );
    expect(engine.take(event('success', MINUTE))).toMatchObject([
      { code: 'account_takeover', keys: { ip: '203.0.113.9', account: 'alice' } },
    ]);
  });

  test('of an address that sprays is a takeover', () => {
    const engine = newEngine();
    feed(
      engine,
      times(15, (i) => event('failure', i * SECOND, { account: `user${i}` })),
    );
    expect(codesOf(engine.take(event('success', MINUTE, { account: 'user99' })))).toEqual(['account_takeover']);
  });

  test('of the owner while others guess is none', () => {
    const engine = newEngine();
    const home = { ip: '192.0.2.4' };
    engine.take(event('success', 0, home));
    feed(
      engine,
      times(30, (i) => event('failure', i * SECOND, { ip: `10.0.${i}.1` })),
    );
    expect(engine.take(event('success', MINUTE, home))).toEqual([]);
    expect(codesOf(engine.take(event('success', MINUTE, { ip: '10.9.9.9' })))).toEqual(['account_takeover']);
  });

  test('with another device is told of once, the first device is not', () => {
    const engine = newEngine();
    const codes = ['phone', 'phone', 'laptop', 'laptop'].map((device, i) =>
      codesOf(engine.take(event('success', i, { device }))),
    );
    expect(codes).toEqual([[], [], ['new_device'], []]);
  });
});

describe('impossible travel', () => {
  const london = { country: 'GB', lat: 51.5, lon: -0.1 };
  const sydney = { country: 'AU', lat: -33.9, lon: 151.2 };
  const paris = { country: 'FR', lat: 48.9, lon: 2.4 };

  test.each([
    ['London to Sydney in an hour', london, sydney, HOUR, ['impossible_travel']],
    ['London to Sydney in 22 hours', london, sydney, 22 * HOUR, []],
    ['London to Paris in a minute is within the error of databases', london, paris, MINUTE, []],
  ])('%s', (_, from, to, later, codes) => {
    const engine = newEngine();
    engine.take(event('success', 0, { place: from }));
    expect(codesOf(engine.take(event('success', later, { place: to, ip: '192.0.2.9' })))).toEqual(codes);
  });
});

describe('scanning', () => {
  const probe = (i: number, path: string) => event('probe', i * SECOND, { account: null, path });

  test('the fifteenth refused path within two minutes', () => {
    expect(
      firstWith(
        feed(
          newEngine(),
          times(20, (i) => probe(i, `/admin/${i}`)),
        ),
        'path_scanning',
      ),
    ).toBe(14);
  });

  test('the same path again and again is none', () => {
    expect(
      feed(
        newEngine(),
        times(100, (i) => probe(i, '/api/me')),
      ).flat(),
    ).toEqual([]);
  });

  test('one path every ten seconds is none', () => {
    expect(
      feed(
        newEngine(),
        times(100, (i) => probe(10 * i, `/old/${i}`)),
      ).flat(),
    ).toEqual([]);
  });
});

test('a share of failures that jumps above its own past is told of', () => {
  const engine = newEngine();
  const traffic = (from: number, minutes: number, failing: number) =>
    times(minutes * 10, (i) =>
      event(i % 20 < failing ? 'failure' : 'success', from + i * 6 * SECOND, {
        ip: `10.2.${i % 250}.1`,
        account: `u${from}-${i}`,
      }),
    );
  expect(codesOf(feed(engine, traffic(0, 60, 1)).flat())).not.toContain('failure_ratio');
  const hits = feed(engine, traffic(HOUR, 5, 10))
    .flat()
    .filter(({ code }) => code === 'failure_ratio');
  expect(hits[0]).toMatchObject({ keys: { ip: null, network: null, account: null }, restriction: null });
  expect(hits[0]?.evidence.summary).toContain('usual is 5.0 %');
});

test('after a pardon the count begins anew', () => {
  const engine = newEngine();
  feed(
    engine,
    times(5, (i) => event('failure', i * SECOND)),
  );
  engine.pardon('1', '203.0.113.9|alice');
  expect(engine.take(event('failure', 6 * SECOND))).toEqual([]);
});

test('what is held is bounded under many addresses', () => {
  const engine = newEngine();
  for (let i = 0; i < 60_000; i += 1) {
    const ip = `${11 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}.1`;
    engine.take(event('failure', i, { ip, account: `user${i % 1_000}` }));
  }
  const { pairs, sources, forgotten } = engine.stats();
  expect(pairs).toBeLessThanOrEqual(80_000);
  expect(sources).toBeLessThanOrEqual(30_000);
  expect(forgotten).toBeGreaterThan(0);
});

test('what is held is bounded when many addresses fail on many accounts, and who goes on is still found', () => {
  const engine = newEngine();
  const attempt = (at: number) => event('failure', at, { ip: `11.${at % 4}.${at % 251}.1`, account: `user${at}` });
  for (let at = 0; at < 70_000; at += 1) engine.take(attempt(at));
  // 160,000 without the limit, of which the project's and the accounts' are 20,000.
  expect(engine.stats().remembered).toBeLessThan(130_000);
  expect(codesOf(engine.take(attempt(70_000)))).toContain('password_spraying');
});

describe('what becomes known late', () => {
  const failures = (count: number, more: Partial<SecurityEvent> = {}) =>
    times(count, (i) => event('failure', i * SECOND, { account: `user${i}`, ...more }));

  test('successes that went before the tenth failure take spraying back, with what follows from it', () => {
    const engine = newEngine();
    const hits = feed(engine, failures(10)).flat();
    expect(codesOf(hits)).toEqual(['password_spraying']);
    expect(engine.withdrawn()).toEqual([]);
    feed(engine, [event('success', 500, { account: 'user0' })]);
    expect(engine.withdrawn()).toMatchObject([{ whole: true, hit: { restriction: { action: 'block', kind: 'ip' } } }]);
    expect(engine.withdrawn()).toEqual([]);
    expect(codesOf(feed(engine, [event('success', 20 * SECOND, { account: 'guest' })]).flat())).toEqual([]);
  });

  test('whoever guesses right in the end stays shut out', () => {
    const engine = newEngine();
    feed(engine, failures(10));
    const hits = feed(engine, [event('success', 10 * SECOND, { account: 'user0' })]).flat();
    expect(codesOf(hits)).toContain('account_takeover');
    expect(engine.withdrawn()).toEqual([]);
  });

  test('an address that turns out to be shared is challenged in place of a block', () => {
    const engine = newEngine();
    feed(engine, failures(20));
    const guests = times(3, (i) => event('success', 100 * i, { account: `guest${i}` }));
    const instead = feed(engine, guests).flat();
    expect(engine.withdrawn()).toMatchObject([{ whole: false, hit: { restriction: { action: 'block' } } }]);
    expect(instead).toMatchObject([{ code: 'password_spraying', restriction: { action: 'challenge', kind: 'ip' } }]);
  });

  test('stuffing is taken back when the addresses that failed had entered', () => {
    const engine = newEngine();
    const from = (i: number) => ({ ip: `10.0.${i}.9`, account: `user${i}` });
    expect(
      codesOf(
        feed(
          engine,
          times(50, (i) => event('failure', i * SECOND, from(i))),
        ).flat(),
      ),
    ).toEqual(['credential_stuffing']);
    feed(engine, [event('success', SECOND, from(0))]);
    expect(engine.withdrawn()).toMatchObject([{ whole: true, hit: { code: 'credential_stuffing' } }]);
  });

  test('one honest address among many that attack takes no stuffing back', () => {
    const engine = newEngine();
    const from = (i: number) => ({ ip: `10.0.${i}.9`, account: `user${i}` });
    feed(
      engine,
      times(60, (i) => event('failure', i * SECOND, from(i))),
    );
    feed(engine, [event('success', 30 * SECOND, from(59))]);
    expect(engine.withdrawn()).toEqual([]);
    expect(codesOf(feed(engine, [event('failure', 61 * SECOND, from(61))]).flat())).toEqual(['credential_stuffing']);
  });

  test('slips that went before a success count for nothing after it', () => {
    const engine = newEngine();
    feed(engine, [event('success', 10 * SECOND), ...times(4, (i) => event('failure', i * SECOND))]);
    expect(feed(engine, [event('failure', MINUTE)]).flat()).toEqual([]);
  });

  test('guesses that went before a success make it a takeover when they become known', () => {
    const engine = newEngine();
    const before = feed(engine, [event('failure', 0), event('failure', SECOND), event('success', 10 * SECOND)]).flat();
    expect(before).toEqual([]);
    const hits = feed(
      engine,
      times(3, (i) => event('failure', (2 + i) * SECOND)),
    );
    expect(hits.map(codesOf)).toEqual([[], [], ['account_takeover']]);
    expect(hits[2]).toMatchObject([{ at: START + 10 * SECOND, evidence: { failures: 5 } }]);
    expect(codesOf(feed(engine, [event('success', 20 * SECOND)]).flat())).toEqual([]);
  });

  test('two backlogs of hours, one behind the other, are not one hour', () => {
    const engine = newEngine();
    const backlog = (name: string) => times(12, (i) => event('failure', (i * HOUR) / 2, { account: `${name}${i}` }));
    expect(feed(engine, [...backlog('a'), ...backlog('b')]).flat()).toEqual([]);
    const quick = times(12, (i) => event('failure', 4 * HOUR + i * SECOND, { account: `c${i}` }));
    expect(codesOf(feed(engine, quick).flat())).toContain('password_spraying');
  });

  test('a sign-in from before an attack is not the attacker, whenever it is told of', () => {
    const engine = newEngine();
    feed(engine, failures(10));
    expect(feed(engine, [event('success', -30 * MINUTE, { account: 'guest' })]).flat()).toEqual([]);
    expect(codesOf(feed(engine, [event('success', 30 * MINUTE, { account: 'other' })]).flat())).toEqual([
      'account_takeover',
    ]);
  });
});
