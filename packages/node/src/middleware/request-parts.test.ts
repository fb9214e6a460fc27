import { describe, expect, it } from 'vitest';
import { ignoreTest } from './ignore-list.ts';
import { isRequestId, newRequestId } from './request-id.ts';
import { lengthOf, queryKeysOf } from './request-record.ts';
import { guessTemplate, pathOf, templateFromParams } from './route-template.ts';
import { traceOf } from './trace-context.ts';

describe('route templates', () => {
  it.each([
    ['/', '/'],
    ['/restaurants', '/restaurants'],
    ['/restaurants/12', '/restaurants/[id]'],
    ['/restaurants/12/menu/7', '/restaurants/[id]/menu/[id]'],
    ['/u/550e8400-e29b-41d4-a716-446655440000', '/u/[id]'],
    ['/o/65f1c0ffee65f1c0ffee65f1', '/o/[id]'],
    ['/u/01ARZ3NDEKTSV4RRFFQ69G5FAV', '/u/[id]'],
    ['/n/V1StGXR8_Z5jdHi6B-myT', '/n/[id]'],
    ['/v2/users', '/v2/users'],
    ['/a-very-long-slug-without-any-number', '/a-very-long-slug-without-any-number'],
    [`/${'aa/'.repeat(30)}`, '/aa/aa/aa/aa/aa/aa/aa/aa/aa/aa/aa/…'],
  ])('guesses %s as %s', (path, expected) => {
    expect(guessTemplate(path)).toBe(expected);
  });

  it.each([
    ['/api/restaurants/12', { id: '12' }, '/api/restaurants/[id]'],
    ['/api/r/12/items/12', { id: '12', item: '12' }, '/api/r/[item]/items/[id]'],
    ['/docs/a/b/c', { slug: ['a', 'b', 'c'] }, '/docs/[...slug]'],
    ['/t/caf%C3%A9', { name: 'café' }, '/t/[name]'],
    ['/t/%E0%A4%A', { name: '%E0%A4%A' }, '/t/[name]'],
    ['/plain', {}, '/plain'],
    ['/docs', { slug: undefined }, '/docs'],
    ['/docs/x', { slug: ['y'] }, '/docs/x'],
  ])('names the parameters of %s', (path, params, expected) => {
    expect(templateFromParams(path, params)).toBe(expected);
  });

  it.each([
    ['/a?b=c#d', '/a'],
    ['http://x.test/a?b', '/a'],
    ['http://x.test', '/'],
    ['*', '/'],
    ['', '/'],
  ])('takes the path of %j', (target, expected) => {
    expect(pathOf(target)).toBe(expected);
  });
});

describe('what is not logged', () => {
  const ignored = ignoreTest(['/internal/', /^\/beta-\d+$/]);
  it.each([
    '/_next/static/a.js',
    '/favicon.ico',
    '/logo.PNG',
    '/api/health',
    '/api/health/detailed',
    '/readyz',
    '/internal',
    '/internal/x',
    '/beta-1',
    '/.well-known/x',
  ])('%s', (path) => {
    expect(ignored(path)).toBe(true);
  });
  it.each(['/', '/api/healthy-food', '/api/restaurants', '/internals', '/beta-x', '/menu.pdf', '/_nextdoor'])(
    'but %s is',
    (path) => {
      expect(ignored(path)).toBe(false);
    },
  );
});

describe('trace context', () => {
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  it('continues a trace', () => {
    const trace = traceOf(`00-${traceId}-00f067aa0ba902b7-00`);
    expect(trace).toEqual({
      traceId,
      parentSpanId: '00f067aa0ba902b7',
      spanId: expect.stringMatching(/^[0-9a-f]{16}$/),
      sampled: false,
    });
  });

  it.each([
    undefined,
    '',
    'junk',
    `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `ff-${traceId}-00f067aa0ba902b7-01`,
    `00-${traceId.toUpperCase()}-00f067aa0ba902b7-01`,
  ])('begins one for %j', (header) => {
    const trace = traceOf(header);
    expect(trace.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(trace.traceId).not.toBe(traceId);
    expect(trace.parentSpanId).toBeUndefined();
  });
});

describe('request ids', () => {
  it('are UUIDs of version 7 that sort by time', () => {
    const ids = Array.from({ length: 1000 }, (_, i) => newRequestId(1_767_607_200_000 + i));
    for (const id of ids) {
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    }
    expect(new Set(ids).size).toBe(1000);
    expect(ids.toSorted()).toEqual(ids);
  });

  it.each(['short', 'x'.repeat(65), 'has space in it', 'line\nfeed-123', 'semi;colon-123', undefined, 12345678])(
    'refuse %j',
    (text) => {
      expect(isRequestId(text)).toBe(false);
    },
  );
});

it('reads lengths and query keys', () => {
  expect([lengthOf('12'), lengthOf(12), lengthOf('1e3'), lengthOf(undefined), lengthOf('9'.repeat(30))]).toEqual([
    12,
    12,
    undefined,
    undefined,
    undefined,
  ]);
  expect(queryKeysOf('/a?token=x&q=1&q=2')).toEqual(['token', 'q']);
  expect(queryKeysOf('/a?%C3%A9=1&a+b=2&%E0%A4%A=3&&=4&flag')).toEqual(['é', 'a b', '%E0%A4%A', 'flag']);
  expect(queryKeysOf(`/a?${'x'.repeat(100)}=1`)).toEqual(['x'.repeat(64)]);
  expect(queryKeysOf(`/a?${Array.from({ length: 50 }, (_, i) => `k${i}`).join('&')}`)).toHaveLength(20);
  expect([queryKeysOf('/a'), queryKeysOf('/a?')]).toEqual([undefined, undefined]);
});
