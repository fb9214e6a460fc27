import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findMismatch } from './json-subset.ts';

const table: [expected: unknown, actual: unknown, path: string | null][] = [
  [{ status: 'healthy' }, { status: 'healthy', uptime: 3 }, null],
  [{ a: { b: 1 } }, { a: { b: 1, c: 2 } }, null],
  [{ a: { b: 1 } }, { a: { b: 2 } }, 'json.a.b'],
  [{ a: null }, {}, 'json.a'],
  [{ a: null }, { a: null }, null],
  [[1], [3, 2, 1], null],
  [[{ x: 1 }], [{ y: 1 }, { x: 1, y: 2 }], null],
  [{ tags: ['a', 'b'] }, { tags: ['b'] }, 'json.tags'],
  [{ 'a b': 1 }, { 'a b': 2 }, 'json["a b"]'],
  [{ a: 1 }, [1], 'json'],
  ['1', 1, 'json'],
  [{ toString: 'x' }, {}, 'json.toString'],
];

test.each(table)('%j in %j: %s', (expected, actual, path) => {
  expect(findMismatch(expected, actual)?.path ?? null).toBe(path);
});

test('every document contains itself, and every part of it', () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => findMismatch(value, JSON.parse(JSON.stringify(value))) === null));
});
