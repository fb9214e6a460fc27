import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RecordWriter } from './record-writer.ts';

const writer = new RecordWriter({ hashKey: 'test' });
const write = (source: object, taken?: ReadonlySet<string>) =>
  JSON.parse(`{${writer.fields(source, taken).slice(1)}}`) as Record<string, unknown>;

const cycle: Record<string, unknown> = { name: 'a' };
cycle['self'] = { back: cycle };
const list: unknown[] = [1];
list.push(list);
const withCause = new Error('outer', { cause: new TypeError('inner') });
Object.assign(withCause, { code: 'E_OUTER' });

describe('values', () => {
  const table: [string, unknown, unknown][] = [
    ['text', 'a "quoted"\n line', 'a "quoted"\n line'],
    ['control characters and NUL', '\u0000\u001b[31m', '\u0000\u001b[31m'],
    ['a lone surrogate', 'x\ud800y', 'x\ud800y'],
    ['emoji and accents', '🍕 café', '🍕 café'],
    ['numbers', [1, -0.5, 1e21, Number.NaN, Number.POSITIVE_INFINITY], [1, -0.5, 1e21, null, null]],
    ['booleans and null', [true, false, null], [true, false, null]],
    ['undefined in a list', [undefined, 1], [null, 1]],
    ['undefined in an object', { a: undefined, b: 1 }, { b: 1 }],
    ['a BigInt', 12345678901234567890n, '12345678901234567890'],
    ['a symbol', Symbol('s'), 'Symbol(s)'],
    ['a function', function named() {}, '[function named]'],
    ['a date', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['an invalid date', new Date(Number.NaN), 'Invalid Date'],
    [
      'a map',
      new Map<unknown, unknown>([
        ['a', 1],
        [2, 'b'],
      ]),
      { a: 1, 2: 'b' },
    ],
    ['a set', new Set([1, 'a']), [1, 'a']],
    ['a buffer', Buffer.from('secret'), '[Buffer of 6 bytes]'],
    ['headers', new Headers({ accept: 'x', cookie: 'sid=1' }), { accept: 'x', cookie: '[redacted]' }],
    ['toJSON', { toJSON: () => ({ a: 1 }) }, { a: 1 }],
    ['a URL', new URL('https://x.test/a?token=abc&q=1'), 'https://x.test/a?token=[redacted]&q=1'],
    ['an empty object and list', { a: {}, b: [] }, { a: {}, b: [] }],
    ['an object without prototype', Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
    [
      'a class instance',
      new (class Point {
        x = 1;
        #y = 2;
        get y() {
          return this.#y;
        }
      })(),
      { x: 1 },
    ],
    ['a cycle', cycle, { name: 'a', self: { back: '[circular]' } }],
    ['a list in itself', list, [1, '[circular]']],
    [
      'the same object twice',
      [cycle['name'], ...Array.from({ length: 2 }, () => Object.freeze({ z: 1 }))],
      ['a', { z: 1 }, { z: 1 }],
    ],
  ];
  it.each(table)('%s', (_name, value, expected) => {
    expect(write({ value })).toEqual({ value: expected });
  });

  it('writes errors with name, message, stack, cause and own properties', () => {
    expect(write({ error: withCause })).toEqual({
      error: {
        name: 'Error',
        message: 'outer',
        stack: expect.stringContaining('outer'),
        code: 'E_OUTER',
        cause: { name: 'TypeError', message: 'inner', stack: expect.any(String) },
      },
    });
    const many = new AggregateError([new Error('one'), 'two'], 'all failed');
    expect(write({ many })['many']).toMatchObject({ name: 'AggregateError', errors: [{ message: 'one' }, 'two'] });
  });
});

describe('hostile objects', () => {
  const fail = () => {
    throw new Error('hostile');
  };
  const table: [string, unknown, unknown][] = [
    [
      'a throwing getter beside good keys',
      Object.defineProperty({ good: 1 }, 'bad', { enumerable: true, get: fail }),
      { good: 1, bad: '[unreadable: hostile]' },
    ],
    ['a throwing toJSON', { a: { toJSON: fail } }, { a: '[unreadable: hostile]' }],
    ['a throwing proxy', { p: new Proxy({}, { ownKeys: fail }) }, { p: '[unreadable: hostile]' }],
    [
      'a getter that throws a non-error',
      Object.defineProperty({}, 'x', {
        enumerable: true,
        get: () => {
          throw null;
        },
      }),
      { x: '[unreadable: null]' },
    ],
    [
      'a toJSON that returns itself',
      (() => {
        const o: Record<string, unknown> = {};
        o['toJSON'] = () => o;
        return { o };
      })(),
      { o: '[circular]' },
    ],
    [
      'an endless chain of getters',
      (() => {
        const make = (): object => ({
          get next() {
            return make();
          },
        });
        return { chain: make() };
      })(),
      { chain: expect.any(Object) },
    ],
  ];
  it.each(table)('%s', (_name, value, expected) => {
    expect(write({ value })).toEqual({ value: expected });
  });

  it('works as before after a hostile object', () => {
    write({ value: { a: { toJSON: fail } } });
    expect(write({ a: { b: { c: 1 } } })).toEqual({ a: { b: { c: 1 } } });
  });
});

describe('limits', () => {
  it('cuts long texts and says by how much', () => {
    const text = write({ text: 'x'.repeat(20_000) })['text'] as string;
    expect(text).toMatch(/^x{16384}…\[3616 more characters\]$/);
  });

  it('cuts depth, keys, lists and the record', () => {
    let deep: object = {};
    for (let i = 0; i < 50; i++) {
      deep = { deep };
    }
    expect(JSON.stringify(write({ deep }))).toContain('[too deep]');
    const wide = write({ wide: Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`k${i}`, i])) })[
      'wide'
    ] as Record<string, unknown>;
    expect(wide['…']).toBe('300 more keys');
    expect(Object.keys(wide)).toHaveLength(201);
    expect((write({ list: Array.from({ length: 500 }, (_, i) => i) })['list'] as unknown[]).at(-1)).toBe('… 300 more');
    const huge = writer.fields(
      Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`k${i}`, 'y'.repeat(10_000)])),
    );
    expect(huge.length).toBeLessThan(90_000);
    expect(JSON.parse(`{${huge.slice(1)}}`)).toHaveProperty('truncated', true);
  });

  it('stays within the size that the server takes, whatever it is given', () => {
    const nasty = {
      list: Array.from({ length: 200 }, () => Array.from({ length: 200 }, () => ({ a: '\u0001'.repeat(5000) }))),
    };
    expect(Buffer.byteLength(writer.fields(nasty))).toBeLessThan(256 * 1024);
  });

  it('does not remember keys without end', () => {
    for (let i = 0; i < 20_000; i++) {
      writer.fields({ [`generated-${i}`]: i });
    }
    expect(write({ password: 'x', plain: 1 })).toEqual({ password: '[redacted]', plain: 1 });
  });
});

describe('properties', () => {
  it('writes any JSON value as JSON.stringify does, apart from secrets', () => {
    const harmless = new RecordWriter();
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string({ maxLength: 12 }).filter((key) => key !== '__proto__' && !/toJSON/.test(key)),
          fc.jsonValue({ maxDepth: 4 }),
        ),
        (source) => {
          const text = `{${harmless.fields(source).slice(1)}}`;
          const written = JSON.stringify(JSON.parse(text));
          fc.pre(!written.includes('[redacted]') && !written.includes('hash:'));
          expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(source)));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('never changes what it reads', () => {
    fc.assert(
      fc.property(fc.object(), (source) => {
        const before = structuredClone(source);
        writer.fields({ source, password: source });
        expect(source).toEqual(before);
      }),
      { numRuns: 100 },
    );
    const frozen = Object.freeze({ password: 'x', inner: Object.freeze({ token: 'y' }) });
    expect(write({ frozen })).toEqual({ frozen: { password: '[redacted]', inner: { token: '[redacted]' } } });
    expect(frozen).toEqual({ password: 'x', inner: { token: 'y' } });
  });
});
