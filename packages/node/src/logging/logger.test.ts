import { describe, expect, it } from 'vitest';
import { withContext } from '../runtime/scope.ts';
import type { LoggerOptions } from './core.ts';
import { Logger } from './logger.ts';
import type { Sink } from './sink.ts';

const INFO = 2;
const WARN = 3;
const NOW = Date.UTC(2026, 0, 5, 10, 0, 0, 7);

function capture(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = [];
  const levels: number[] = [];
  const sink: Sink = {
    write(level, line) {
      lines.push(line);
      levels.push(level);
    },
    flush: async () => true,
    close: async () => true,
  };
  const logger = new Logger({
    service: 'shop',
    environment: 'test',
    release: '1.2.3',
    level: 'trace',
    clock: () => NOW,
    sinks: [sink],
    ...options,
  });
  const records = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  return { logger, lines, levels, records, last: () => records().at(-1) as Record<string, unknown> };
}

const BASE = { timestamp: '2026-01-05T10:00:00.007Z', service: 'shop', environment: 'test', release: '1.2.3' };

describe('call forms', () => {
  const failure = new Error('no table');
  const table: [string, (logger: Logger) => void, Record<string, unknown>][] = [
    ['message', (l) => l.info('hi'), { level: 'info', message: 'hi' }],
    ['message, context', (l) => l.info('hi', { a: 1 }), { level: 'info', message: 'hi', a: 1 }],
    ['context, message', (l) => l.warn({ a: 1 }, 'hi'), { level: 'warn', message: 'hi', a: 1 }],
    ['context alone', (l) => l.debug({ a: 1 }), { level: 'debug', message: '', a: 1 }],
    ['trace', (l) => l.trace('deep'), { level: 'trace', message: 'deep' }],
    ['error with context', (l) => l.error('bad', { violations: 3 }), { level: 'error', message: 'bad', violations: 3 }],
    ['error without error', (l) => l.error('bad', undefined, { a: 1 }), { level: 'error', message: 'bad', a: 1 }],
    ['error with null', (l) => l.error('bad', null), { level: 'error', message: 'bad' }],
    [
      'error with a thrown text',
      (l) => l.error('bad', 'boom'),
      { level: 'error', message: 'bad', error: { name: 'string', message: 'boom' } },
    ],
    [
      'error with error and context',
      (l) => l.error('bad', failure, { a: 1 }),
      { level: 'error', message: 'bad', a: 1, error: expect.objectContaining({ name: 'Error', message: 'no table' }) },
    ],
    [
      'error first',
      (l) => l.error(failure, 'bad'),
      { level: 'error', message: 'bad', error: expect.objectContaining({ message: 'no table' }) },
    ],
    [
      'error alone',
      (l) => l.fatal(failure),
      {
        level: 'fatal',
        message: 'no table',
        error: expect.objectContaining({ stack: expect.stringContaining('logger.test') }),
      },
    ],
    [
      'warn with error and context',
      (l) => l.warn('bad', failure, { a: 1 }),
      { level: 'warn', message: 'bad', a: 1, error: expect.objectContaining({ message: 'no table' }) },
    ],
    [
      'info with an error for a context',
      (l) => l.info('bad', failure),
      { level: 'info', message: 'bad', error: expect.objectContaining({ message: 'no table' }) },
    ],
    [
      'err first, as with pino',
      (l) => l.error({ err: failure, a: 1 }),
      { level: 'error', message: 'no table', a: 1, error: expect.objectContaining({ message: 'no table' }) },
    ],
    ['err that is no error', (l) => l.error({ err: 'E42' }, 'bad'), { level: 'error', message: 'bad', err: 'E42' }],
    [
      'a text beside the message',
      (l) => (l.info as (...args: unknown[]) => void).call(l, 'hi', 'there'),
      { level: 'info', message: 'hi', args: ['there'] },
    ],
    [
      'a text and a context beside the message',
      (l) => (l.warn as (...args: unknown[]) => void).call(l, 'hi', 7, { a: 1 }),
      { level: 'warn', message: 'hi', args: [7, { a: 1 }] },
    ],
    [
      'a context that has an error key',
      (l) => l.error('bad', failure, { error: 'mine' }),
      { level: 'error', message: 'bad', error: expect.objectContaining({ message: 'no table' }), 'ctx.error': 'mine' },
    ],
  ];
  it.each(table)('%s', (_name, call, expected) => {
    const { logger, last } = capture();
    call(logger);
    expect(last()).toEqual({ ...BASE, ...expected });
  });

  it.each([
    ['a number', 42, '42'],
    ['undefined', undefined, 'undefined'],
    ['null', null, 'null'],
    ['a symbol', Symbol('s'), 'Symbol(s)'],
  ])('takes %s for a message without harm', (_name, message, written) => {
    const { logger, last } = capture();
    (logger.info as (message: unknown) => void).call(logger, message);
    expect(last()['message']).toBe(written);
  });
});

describe('guide methods', () => {
  it('writes performance, business and security events', () => {
    const { logger, records } = capture();
    logger.performance('search', 12.5, { endpoint: '/search', duration: 1 });
    logger.businessEvent('order_placed', { total: 12 }, { userId: 'u1' });
    logger.securityEvent('failed_authentication', 'high', { ip: '203.0.113.9' });
    expect(records()).toEqual([
      {
        ...BASE,
        level: 'info',
        message: 'Performance: search',
        type: 'performance',
        operation: 'search',
        duration: 12.5,
        endpoint: '/search',
        'ctx.duration': 1,
      },
      {
        ...BASE,
        level: 'info',
        message: 'Business Event: order_placed',
        type: 'business',
        event: 'order_placed',
        eventData: { total: 12 },
        userId: 'u1',
      },
      {
        ...BASE,
        level: 'warn',
        message: 'Security Event: failed_authentication',
        type: 'security',
        event: 'failed_authentication',
        severity: 'high',
        ip: '203.0.113.9',
      },
    ]);
  });

  it('writes security events whatever the level, and keeps successes among failures', () => {
    const written: [number, number | undefined][] = [];
    const sink: Sink = {
      write: (level, _line, worth) => void written.push([level, worth]),
      flush: async () => true,
      close: async () => true,
    };
    const { logger } = capture({ level: 'error', sinks: [sink] });
    logger.securityEvent('failed_authentication', 'medium');
    logger.securityEvent('successful_authentication', 'low');
    logger.businessEvent('order_placed');
    expect(written).toEqual([
      [WARN, WARN],
      [INFO, WARN],
    ]);
  });

  it.each(['low', 'medium', 'high', 'critical'] as const)(
    'never makes a security event of severity %s an error',
    (severity) => {
      const { logger, last } = capture();
      logger.securityEvent('x', severity);
      expect(['info', 'warn']).toContain(last()['level']);
      expect(last()['severity']).toBe(severity);
    },
  );
});

describe('reserved fields', () => {
  it.each(['timestamp', 'time', 'level', 'message', 'service', 'environment', 'release', 'version', 'type'])(
    'keeps %s',
    (key) => {
      const { logger, last } = capture();
      logger.info('hi', { [key]: 'mine' });
      expect(last()).toEqual({ ...BASE, level: 'info', message: 'hi', [`ctx.${key}`]: 'mine' });
      logger.child({ [key]: 'mine' }).info('hi');
      expect(last()).toEqual({ ...BASE, level: 'info', message: 'hi', [`ctx.${key}`]: 'mine' });
    },
  );

  it('lets a context name a request where none runs, and not where one does', () => {
    const { logger, last } = capture();
    logger.info('hi', { requestId: 'mine' });
    expect(last()['requestId']).toBe('mine');
    withContext({ requestId: 'r-1', traceId: 't-1' }, () => logger.info('hi', { requestId: 'mine', traceId: 'x' }));
    expect(last()).toMatchObject({ requestId: 'r-1', traceId: 't-1', 'ctx.requestId': 'mine', 'ctx.traceId': 'x' });
  });
});

it('keeps the identifiers of a child, as those of a request', () => {
  const { logger, last } = capture();
  logger.child({ requestId: 'r-1', traceId: 't-1', part: 'cart' }).info('hi', { requestId: 'mine', part: 'mine' });
  expect(last()).toMatchObject({ requestId: 'r-1', traceId: 't-1', 'ctx.requestId': 'mine', part: 'mine' });
});

describe('size', () => {
  const LARGE = 16_000;
  const many = (text: string) =>
    Object.fromEntries(Array.from({ length: 10 }, (_, n) => [`k${n}`, text.repeat(LARGE)]));
  const table: [string, (logger: Logger) => void][] = [
    ['many long texts', (l) => l.info('m', many('x'))],
    ['texts of three bytes a character', (l) => l.info('m', many('漢'))],
    ['texts of which escaping makes six times as much', (l) => l.info('\u0001'.repeat(LARGE), many('\u0001'))],
    [
      'a message, bindings, a scope and a context',
      (l) => withContext(many('s'), () => l.child(many('b')).info('é'.repeat(LARGE), many('c'))),
    ],
    [
      'objects in objects',
      (l) => l.info('m', { a: Array.from({ length: 200 }, () => ({ list: [many('a')], 漢: many('漢') })) }),
    ],
    [
      'keys without values',
      (l) =>
        l.info('m', {
          a: Array.from({ length: 200 }, () =>
            Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`${'k'.repeat(200)}${n}`, n])),
          ),
        }),
    ],
    [
      'an error with causes',
      (l) =>
        l.error(
          'm',
          new Error('x'.repeat(50_000), { cause: Object.assign(new Error('y'.repeat(50_000)), many('z')) }),
          many('c'),
        ),
    ],
    ['a performance record', (l) => l.performance('x'.repeat(LARGE), 1, many('漢'))],
  ];
  it.each(table)('a record takes at most 64 KiB, with its cut marked: %s', (_name, call) => {
    const { logger, lines } = capture();
    call(logger);
    const [line = ''] = lines;
    expect(Buffer.byteLength(line)).toBeLessThanOrEqual(65_536);
    expect(Buffer.byteLength(line)).toBeGreaterThan(20_000);
    expect(JSON.parse(line)).toMatchObject({ service: 'shop' });
    expect(line).toMatch(/"truncated":true|more characters\]|… \d+ more/);
  });

  it.each(['x', 'é', '漢', '🍕'])('a text of %s takes at most 16 KiB and the mark, whole characters', (character) => {
    const { logger, last } = capture();
    logger.info('m', { text: character.repeat(20_000) });
    const [kept = '', more] = (last()['text'] as string).split('…[');
    expect(Buffer.byteLength(kept)).toBeGreaterThan(16_380);
    expect(Buffer.byteLength(kept)).toBeLessThanOrEqual(16_384);
    expect(kept.replaceAll(character, '')).toBe('');
    expect(more).toBe(`${character.length * 20_000 - kept.length} more characters]`);
  });

  it('keeps in a record that is cut what was masked and hashed', () => {
    const { logger, lines, last } = capture({ redact: { hash: ['email'], hashKey: 'k' } });
    logger.info('m', { email: 'a@b.c' });
    const { email } = last();
    logger.info('m', { email: 'a@b.c', session: 's', password: 'hunter22', ...many('漢'), token: 'hunter23' });
    expect(last()).toMatchObject({ email, password: '[redacted]', truncated: true });
    expect(lines.join()).not.toMatch(/hunter2|a@b/);
  });
});

describe('levels', () => {
  it('writes from the level on, for parents and children alike', () => {
    const { logger, lines } = capture({ level: 'warn' });
    const child = logger.child({ part: 'a' });
    logger.info('no');
    child.info('no');
    child.performance('no', 1);
    expect(lines).toHaveLength(0);
    expect(logger.isLevelEnabled('info')).toBe(false);
    child.setLevel('info');
    logger.info('yes');
    expect(lines).toHaveLength(1);
    expect(logger.isLevelEnabled('info')).toBe(true);
  });

  it('ignores a level that does not exist', () => {
    const { logger, lines } = capture({ level: 'warn' });
    (logger.setLevel as (level: string) => void).call(logger, 'loud');
    logger.info('no');
    expect(lines).toHaveLength(0);
  });
});

describe('inherited fields', () => {
  it('nearest wins: context over scope over bindings, each key once', () => {
    const { logger, lines, last } = capture();
    const child = logger.child({ a: 'binding', b: 'binding', c: 'binding' });
    withContext({ b: 'scope', c: 'scope', requestId: 'r-1' }, () => child.info('hi', { c: 'context', d: 1 }));
    expect(last()).toEqual({
      ...BASE,
      level: 'info',
      message: 'hi',
      a: 'binding',
      b: 'scope',
      c: 'context',
      d: 1,
      requestId: 'r-1',
    });
    expect(lines[0]?.match(/"c":/g)).toHaveLength(1);
  });

  it('carries the scope through asynchronous work and adds nested scopes', async () => {
    const { logger, records } = capture();
    await withContext({ requestId: 'r-1' }, async () => {
      await new Promise((resolve) => setImmediate(resolve));
      logger.info('outer');
      await withContext({ userId: 'u1' }, async () => logger.info('inner'));
      logger.info('outer again');
    });
    logger.info('outside');
    expect(records().map(({ message, requestId, userId }) => [message, requestId, userId])).toEqual([
      ['outer', 'r-1', undefined],
      ['inner', 'r-1', 'u1'],
      ['outer again', 'r-1', undefined],
      ['outside', undefined, undefined],
    ]);
  });
});

describe('never throws', () => {
  const thrower = () => {
    throw new Error('hostile');
  };
  const hostileError = new Error('x');
  Object.defineProperty(hostileError, 'message', { get: thrower });
  const table: [string, object][] = [
    ['a throwing getter', Object.defineProperty({ kept: 1 }, 'bad', { enumerable: true, get: thrower })],
    [
      'a proxy that throws everywhere',
      new Proxy({}, { ownKeys: thrower, get: thrower, has: thrower, getPrototypeOf: thrower }),
    ],
    [
      'a revoked proxy',
      (() => {
        const { proxy, revoke } = Proxy.revocable({}, {});
        revoke();
        return proxy;
      })(),
    ],
    ['an error whose message throws', hostileError],
  ];
  it.each(table)('%s, in every position', (_name, hostile) => {
    const { logger, lines } = capture();
    const child = logger.child({ a: 1 });
    for (const target of [logger, child]) {
      target.info('m', hostile);
      target.info(hostile, 'm');
      target.error('m', hostile);
      target.error('m', new Error('e'), hostile);
      target.error(hostile);
      target.performance('op', 1, hostile as never);
      target.businessEvent('e', hostile, hostile as never);
      withContext({ requestId: 'r', x: hostile }, () => target.info('m', { y: hostile }));
      logger.child({ hostile }).info('m');
      logger.child(hostile as never).info('m');
    }
    expect(lines).toHaveLength(20);
    for (const line of lines) {
      expect(JSON.parse(line)).toMatchObject({ service: 'shop' });
    }
  });
});
