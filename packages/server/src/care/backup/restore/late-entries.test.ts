import { expect, test } from 'vitest';
import { lateEntries } from './late-entries.ts';

const AFTER = [
  '10; 2606 90 CONSTRAINT public a a_pkey owner',
  '11; 1259 91 MATERIALIZED VIEW public view owner',
  '12; 1259 92 INDEX public a_note owner',
  '13; 1259 93 INDEX public view_id owner',
  '14; 2606 94 CONSTRAINT public b b_of_function owner',
  '15; 1255 95 FUNCTION public of_index() owner',
  '16; 1259 96 INDEX public of_function owner',
];
const NEEDS: Record<string, string> = { 10: '1', 11: '1 10', 12: '1', 13: '11', 14: '2 12', 15: '12', 16: '3 15' };
const contents = AFTER.flatMap((line) => [line, `;\tdepends on: ${NEEDS[line.slice(0, 2)]}`]);

test('what needs something that is made behind the rows is not built before it, all else is', () => {
  const late = [...lateEntries(AFTER, contents)].map((line) => line.slice(0, 2));
  expect(late).toEqual(['11', '13', '14', '15', '16']);
  expect(lateEntries(AFTER.slice(0, 1), contents)).toEqual(new Set());
});
