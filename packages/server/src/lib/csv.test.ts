import { expect, test } from 'vitest';
import { toCsv } from './csv.ts';

test('a table has a head, quotes where they are needed, and no formula', () => {
  expect(
    toCsv(
      ['name', 'up', 'ok'],
      [
        { name: 'A, "B"\nC', up: 99.5, ok: true },
        { name: '=1+1', up: null, ok: false },
      ],
    ),
  ).toBe('name,up,ok\r\n"A, ""B""\nC",99.5,true\r\n\'=1+1,,false\r\n');
});
