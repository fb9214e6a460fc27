import { describe, expect, it } from 'vitest';
import { rewritePercentiles, withoutTerminator } from './percentile.ts';

describe('rewritePercentiles', () => {
  it.each([
    [
      'SELECT PERCENTILE_CONT(0.95) WITHIN GROUP (ORDER BY duration) AS p',
      'SELECT quantileExactInclusive(0.95)(duration) AS p',
    ],
    ['percentile_cont ( 0.5 )\n within /* x */ group( order by a + (b) ASC )', 'quantileExactInclusive(0.5)(a + (b))'],
    ['PERCENTILE_CONT(0.9) WITHIN GROUP (ORDER BY d DESC)', 'quantileExactInclusive(1 - 0.9)(d)'],
    [
      "SELECT 'PERCENTILE_CONT(0.9) WITHIN GROUP (ORDER BY d)'",
      "SELECT 'PERCENTILE_CONT(0.9) WITHIN GROUP (ORDER BY d)'",
    ],
    ['-- PERCENTILE_CONT(0.9) WITHIN GROUP (ORDER BY d)\n1', '-- PERCENTILE_CONT(0.9) WITHIN GROUP (ORDER BY d)\n1'],
    ['PERCENTILE_CONT(0.9)', 'PERCENTILE_CONT(0.9)'],
    ['PERCENTILE_CONT(0.9) WITHIN GROUP (ORDER BY', 'PERCENTILE_CONT(0.9) WITHIN GROUP (ORDER BY'],
  ])('%s', (sql, expected) => {
    expect(rewritePercentiles(sql)).toBe(expected);
  });
});

describe('withoutTerminator', () => {
  it.each([
    ['SELECT 1;', 'SELECT 1'],
    ['SELECT 1 ;\n -- end\n', 'SELECT 1'],
    ["SELECT ';'", "SELECT ';'"],
    ['SELECT 1; SELECT 2;', 'SELECT 1; SELECT 2'],
  ])('%s', (sql, expected) => {
    expect(withoutTerminator(sql)).toBe(expected);
  });
});
