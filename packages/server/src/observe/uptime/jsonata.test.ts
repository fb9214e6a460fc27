import { expect, test } from 'vitest';
import { expressionProblem, untrue } from './jsonata.ts';

const MENU = {
  items: [
    { name: 'Pizza', price: 9 },
    { name: 'Soup', price: 0 },
  ],
  open: true,
  note: '',
};

test.each<[string, string | null]>([
  ['open', null],
  ['$count(items) = 2', null],
  ['items[price > 5]', null],
  ['items[name = "Pizza"].price = 9', null],
  ['items.(price >= 0)', null],
  ['$count(items[price = 0]) = 0', 'Expected JSONata $count(items[price = 0]) = 0, found false.'],
  ['items[price > 50]', 'Expected JSONata items[price > 50], found nothing.'],
  ['note', 'Expected JSONata note, found "".'],
  ['$missing()', 'Expected JSONata $missing(), but it failed: Attempted to invoke a non-function'],
])('%s', async (expression, reason) => {
  expect(await untrue(expression, MENU)).toBe(reason);
});

test('a body that is not JSON', async () => {
  expect(await untrue('open', undefined)).toBe('Expected JSONata open, but the body is not JSON.');
});

test('an expression that does not end is broken off, by time or by depth', async () => {
  expect(await untrue('($f := function($n) { $f($n + 1) }; $f(0))', {})).toMatch(/but it failed: /);
  expect(await untrue('($f := function($n) { 1 + $f($n + 1) }; $f(0))', {})).toMatch(/but it failed: /);
});

test('what cannot be read says where', () => {
  expect(expressionProblem('items[price > ')).toMatchObject({
    message: expect.stringContaining('the JSONata expression cannot be read: '),
    offset: expect.any(Number),
  });
  expect(expressionProblem('items')).toBeNull();
});
