import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseLogQuery } from './query-language.ts';
import { toSql } from './to-sql.ts';

const text = (value: string, prefix = false) => ({ kind: 'text', text: value, prefix });
const field = (name: string, test: object) => ({ kind: 'field', field: name, test });

describe('parseLogQuery', () => {
  it.each([
    ['', { kind: 'all', items: [] }],
    ['timeout', text('timeout')],
    ['time*', text('time', true)],
    ['"connection refused"', text('connection refused')],
    ['"say \\"hi\\""', text('say "hi"')],
    ['level:error', field('level', { op: 'in', values: ['error'] })],
    ['level:error,fatal', field('level', { op: 'in', values: ['error', 'fatal'] })],
    ['statusCode:>=500', field('statusCode', { op: 'compare', comparison: '>=', value: 500 })],
    ['duration:100..2.5', field('duration', { op: 'range', from: 100, to: 2.5 })],
    ['endpoint:/api/*', field('endpoint', { op: 'like', pattern: '/api/*' })],
    ['userId:*', field('userId', { op: 'exists' })],
    ['user.plan:"a b"', field('user.plan', { op: 'in', values: ['a b'] })],
    ['-level:debug', { kind: 'not', item: field('level', { op: 'in', values: ['debug'] }) }],
    ['NOT x', { kind: 'not', item: text('x') }],
    ['a AND b', { kind: 'all', items: [text('a'), text('b')] }],
    ['a b OR c', { kind: 'any', items: [{ kind: 'all', items: [text('a'), text('b')] }, text('c')] }],
    ['a (b OR c)', { kind: 'all', items: [text('a'), { kind: 'any', items: [text('b'), text('c')] }] }],
    ['http://x', field('http', { op: 'in', values: ['//x'] })],
    ['a-b', text('a-b')],
    ['10:30', text('10:30')],
  ])('%s', (query, expected) => {
    expect(parseLogQuery(query)).toEqual(expected);
  });

  it.each([
    ['level:', 7],
    ['"open', 1],
    ['a (b', 5],
    ['a )', 3],
    ['NOT', 4],
    ['duration:>x', 1],
    ['('.repeat(30), 21],
    ['x'.repeat(5_000), 1],
  ])('%s is refused at character %d', (query, at) => {
    expect(() => parseLogQuery(query)).toThrow(
      expect.objectContaining({
        code: 'invalid_query',
        status: 400,
        message: expect.stringContaining(`at character ${at})`),
      }),
    );
  });

  it('never puts a value into the SQL text', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 30 }),
        fc.constantFrom('', 'message:', 'x.y:', '-level:', 'statusCode:>'),
        (value, prefix) => {
          let condition: ReturnType<typeof parseLogQuery>;
          try {
            condition = parseLogQuery(`${prefix}${value}`);
          } catch {
            return;
          }
          const { sql } = toSql(condition);
          expect(sql.replace(/\{q\d+:[A-Za-z0-9()]+\}/g, '')).toMatch(/^[A-Za-z0-9\s(),.[\]<>=!']*$/);
          expect(sql.replaceAll("''", '')).not.toContain("'");
        },
      ),
      { numRuns: 300 },
    );
  });
});
