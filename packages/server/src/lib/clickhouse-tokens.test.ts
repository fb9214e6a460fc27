import fc from 'fast-check';
import { expect, test } from 'vitest';
import { clickhouseTokens, splitStatements } from './clickhouse-tokens.ts';

test.each([
  ['a; b', ['a', 'b']],
  ['a;', ['a']],
  [' ; ;; ', []],
  ["select ';' ; b", ["select ';'", 'b']],
  ["select 'it''s;' ; b", ["select 'it''s;'", 'b']],
  ["select 'it\\';' ; b", ["select 'it\\';'", 'b']],
  ['select "a;b", `c;d`; e', ['select "a;b", `c;d`', 'e']],
  ['-- one; two\na; b', ['-- one; two\na', 'b']],
  ['/* one; two */ a; b', ['/* one; two */ a', 'b']],
  ['# one; two\na; b', ['# one; two\na', 'b']],
  ['select $x$ a; b $x$; c', ['select $x$ a; b $x$', 'c']],
  ['select $$;$$; c', ['select $$;$$', 'c']],
  ['a -- the end; really', ['a -- the end; really']],
  ['-- nothing;', []],
  ["select 'unfinished; b", ["select 'unfinished; b"]],
])('%j is cut into %j', (script, expected) => {
  expect(splitStatements(script)).toEqual(expected);
});

test('tokens joined are the input', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'\'"`\\;-#/*$ \nab1{}🍜') }), (sql) => {
      expect([...clickhouseTokens(sql)].map(({ text }) => text).join('')).toBe(sql);
    }),
  );
});
