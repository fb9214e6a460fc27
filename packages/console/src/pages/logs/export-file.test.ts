import { expect, it } from 'vitest';
import { toCsv, toNdjson } from './export-file.ts';

it('quotes what CSV needs quoted and leaves a missing value empty', () => {
  const rows = [
    ['a,b', 'say "hi"', null],
    ['two\nlines', 4.5, { x: 1 }],
  ];
  expect(toCsv(['one', 'two', 'three'], rows)).toBe(
    'one,two,three\r\n"a,b","say ""hi""",\r\n"two\nlines",4.5,"{""x"":1}"\r\n',
  );
});

it('keeps a spreadsheet from running a value as a formula, but leaves numbers alone', () => {
  expect(toCsv(['v'], [['=1+1'], ['@cmd'], [-5]])).toBe("v\r\n'=1+1\r\n'@cmd\r\n-5\r\n");
});

it('writes one object a line', () => {
  expect(
    toNdjson(
      ['a', 'b'],
      [
        [1, undefined],
        ['x', true],
      ],
    ),
  ).toBe('{"a":1,"b":null}\n{"a":"x","b":true}\n');
});
