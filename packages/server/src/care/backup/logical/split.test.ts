import { expect, test } from 'vitest';
import { planSplit } from './split.ts';

const MB = 1024 * 1024;
const tables = (...sizes: number[]) => sizes.map((size, n) => ({ schema: 's', name: `t${n}`, bytes: size * MB }));
const roomy = { free: 100, clientMajor: 15, encoding: 'UTF8' };

test.each([
  ['one large table has nothing beside it', [900, 5, 5], null, 8, 1, []],
  ['as many as there are large tables', [100, 90, 5], null, 8, 2, [['t0']]],
  ['no more than processors', [100, 90, 80, 70], null, 3, 3, [['t1'], ['t2', 't3']]],
  ['one on two processors', [100, 90, 80], null, 2, 1, []],
  ['no more than four, unless asked', [99, 98, 97, 96, 95, 94], null, 64, 4, [['t1'], ['t2', 't5'], ['t3', 't4']]],
  ['as many as are asked for, of smaller tables too', [9, 8, 7, 0.5], 3, 1, 3, [['t0'], ['t1']]],
  ['one when one is asked for', [99, 98], 1, 8, 1, []],
  ['what is not large counts for the first', [40, 40, 31, 31, 31], null, 4, 2, [['t0', 't1']]],
] as const)('%s', (_name, sizes, asked, cores, jobs, groups) => {
  const split = planSplit(tables(...sizes), { asked, cores }, roomy);
  expect(split.jobs).toBe(jobs);
  expect(split.groups.map((group) => group.map(({ name }) => name).sort())).toEqual(groups);
  expect(split.warnings).toEqual([]);
});

test('a server with few connections left, and a pg_dump that is not known, get fewer jobs and say so', () => {
  const many = tables(99, 98, 97, 96);
  const parallelism = { asked: 4, cores: 8 };
  const fewer = planSplit(many, parallelism, { ...roomy, free: 8 });
  expect(fewer).toMatchObject({ jobs: 2, warnings: ['2 of 4 jobs: the server has only 8 free connections'] });
  const one = planSplit(many, parallelism, { ...roomy, free: 6 });
  expect(one).toMatchObject({ jobs: 1, groups: [], warnings: ['1 of 4 jobs: the server has only 6 free connections'] });
  const newer = planSplit(many, parallelism, { ...roomy, clientMajor: 19 });
  expect(newer).toMatchObject({ jobs: 1, groups: [], warnings: [expect.stringContaining('pg_dump 19')] });
});

test('tables whose names a command line does not say in the encoding of their database stay with the rest', () => {
  const named = ['größe', 'a\nb', 'plain', 'other'].map((name) => ({ schema: 's', name, bytes: 99 * MB }));
  const groupsIn = (encoding: string) => planSplit(named, { asked: 4, cores: 2 }, { ...roomy, encoding }).groups;
  expect(groupsIn('UTF8').flat().length).toBe(3);
  expect(groupsIn('LATIN1')).toEqual([[named[2], named[3]]]);
});
