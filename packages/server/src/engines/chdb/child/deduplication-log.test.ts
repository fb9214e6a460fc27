import { expect, test } from 'vitest';
import { withoutLostParts } from './deduplication-log.ts';

const added = (part: string) => `1\t${part}\tall_1_2`;
const dropped = (part: string) => `2\t${part}\tall_1_2`;

test.each([
  ['a part on disk', [added('all_5_5_0')], ['all_5_5_0'], true],
  ['a part merged into another', [added('all_5_5_0')], ['all_1_7_2'], true],
  ['a part merged and mutated', [added('all_5_5_0')], ['all_1_7_2_9'], true],
  ['a part that is nowhere', [added('all_5_5_0')], ['all_1_4_1', 'detached', 'tmp_insert_all_5_5_0'], false],
  ['a part of another partition', [added('20260105_5_5_0')], ['20260106_1_9_1'], false],
  ['a part that was dropped on purpose', [added('all_5_5_0'), dropped('all_5_5_0')], [], true],
  ['what it does not understand', ['half a li'], [], true],
])('%s', (_, lines, parts, kept) => {
  const log = `${lines.join('\n')}\n`;
  expect(withoutLostParts(log, parts)).toBe(kept ? log : '');
});
