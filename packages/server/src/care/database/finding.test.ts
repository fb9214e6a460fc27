import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { DATABASE_FINDING_CODES } from './finding.ts';

test('the reference explains every finding', () => {
  const page = readFileSync(new URL('../../../../../docs/reference/database-findings.md', import.meta.url), 'utf8');
  const explained = [...page.matchAll(/^\| ([a-z_, ]+) \| /gm)].flatMap(([, codes]) => codes?.split(', ') ?? []);
  expect(DATABASE_FINDING_CODES.filter((code) => !explained.includes(code))).toEqual([]);
});
