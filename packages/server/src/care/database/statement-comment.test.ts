import { expect, it } from 'vitest';
import { normaliseQuery } from './normalise.ts';
import { sameStatement } from './statement-comment.ts';

const long = (value: string) =>
  `SELECT ${Array.from({ length: 40 }, (_, n) => `column_${n}`).join(', ')} FROM restaurants WHERE city = ${value}`;
const between = (value: string, end: string) =>
  `SELECT id FROM restaurants WHERE city = ${value} AND ${'open IS TRUE AND '.repeat(20)}${end}`;

it.each([
  ['SELECT * FROM t WHERE id = $1', 'SELECT * FROM t WHERE id = 7', true],
  ['SELECT * FROM t WHERE id = $1', "select * from t where id = 'x'", false],
  ['SELECT * FROM t WHERE id = $1', 'SELECT * FROM t WHERE id = %s;', true],
  ['SELECT * FROM t WHERE id = $1', 'SELECT *\n  FROM t\n WHERE id=$1 -- by id', true],
  ['SELECT * FROM t WHERE id = $1', "SELECT * FROM t WHERE id = $1 /*traceparent='00-1-2-01'*/", true],
  ['SELECT * FROM t WHERE id IN ($1, $2, $3)', 'SELECT * FROM t WHERE id IN (1,2)', true],
  ['SELECT * FROM t WHERE id IN ($1 /*, ... */)', 'SELECT * FROM t WHERE id IN (?, ?)', true],
  ['INSERT INTO t VALUES ($1, $2), ($3, $4)', "INSERT INTO t VALUES ('a', 2)", true],
  ['SELECT * FROM t WHERE id = $1', 'SELECT * FROM t WHERE id = $1 AND a = $2', false],
  ['SELECT * FROM t WHERE id = $1', 'SELECT * FROM u WHERE id = $1', false],
  [long('$1'), long("'Bern'"), true],
  [between('$1', 'seats > $2'), between("'Bern'", 'seats > 4'), true],
  [between('$1', 'seats > $2'), 'SELECT id FROM restaurants', false],
  [between('$1', 'seats > $2'), between('$1', 'seats > $2').replace('open', 'shut'), false],
])('%s is %s: %s', (stored, asked, same) => {
  expect(sameStatement(normaliseQuery(stored), normaliseQuery(asked))).toBe(same);
  expect(sameStatement(normaliseQuery(asked), normaliseQuery(stored))).toBe(same);
});
