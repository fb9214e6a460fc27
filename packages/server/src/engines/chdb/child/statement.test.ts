import { expect, test } from 'vitest';
import { isReading, isStreamable, shapeOf } from './statement.ts';

test.each([
  ['SELECT 1', { verb: 'SELECT' }],
  ['-- why\n/* and how */ select 1;', { verb: 'SELECT' }],
  ['((SELECT 1) UNION ALL (SELECT 2)) FORMAT CSV ; -- end', { verb: 'SELECT', format: 'CSV' }],
  ["SELECT 'FORMAT CSV'", { verb: 'SELECT' }],
  ['SELECT 1 AS "FORMAT", a FROM t format\nJSONEachRow', { verb: 'SELECT', format: 'JSONEachRow' }],
  ['SELECT 1 FORMAT CSV SETTINGS max_threads = 1', { verb: 'SELECT', format: 'CSV' }],
  ["INSERT INTO t VALUES ('a; b')", { verb: 'INSERT' }],
  ['', { verb: '' }],
])('%j has the shape %j', (sql, shape) => {
  expect(shapeOf(sql)).toEqual(shape);
});

test.each([['SELECT 1; SELECT 2'], ["SELECT ';'; DROP TABLE t"], ['SELECT 1;; x'], ['SELECT 1; /* */ (']])(
  '%j is refused as several statements',
  (sql) => {
    expect(() => shapeOf(sql)).toThrow('Multi-statements are not allowed');
  },
);

test.each([
  ['SELECT', 'JSONEachRow', true, true],
  ['WITH', 'CSV', true, true],
  ['SELECT', 'JSON', true, false],
  ['SELECT', 'CSVWithNames', true, false],
  ['SHOW', 'JSONEachRow', true, false],
  ['INSERT', 'JSONEachRow', false, false],
  ['ALTER', 'Null', false, false],
])('%s in %s: reading %s, streamed %s', (verb, format, reading, streamed) => {
  expect([isReading(verb), isStreamable(verb, format)]).toEqual([reading, streamed]);
});
