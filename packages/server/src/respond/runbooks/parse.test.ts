import { expect, test } from 'vitest';
import { plainStep } from './checklists.ts';
import { parseRunbook } from './parse.ts';

const SOURCE = `---
alerts: [High Error Rate, Other]
---
# Orders fail

Most orders
fail. Look at it.

More.

## First

- [ ] **Take it.** [Acknowledge](action:alerts.acknowledge)
- [ ] Look at \`pg_stat\`
  and [run it](action:job.run?name=nightly-backup&x=a%20b):

  \`\`\`sql
  - [ ] not a step
  \`\`\`
- a plain item

Afterwards.
- [x] Write it down
`;

test('reads head, title, steps with what is indented below them, and actions with parameters', () => {
  const book = parseRunbook('orders', SOURCE, false);
  expect(book).toMatchObject({
    ...{ id: 'orders', title: 'Orders fail', kind: 'runbook', alerts: ['High Error Rate', 'Other'], steps: 3 },
    about: 'Most orders fail. Look at it.',
  });
  expect(book.actions).toEqual([
    { index: 0, step: 0, label: 'Acknowledge', name: 'alerts.acknowledge', parameters: {} },
    { index: 1, step: 1, label: 'run it', name: 'job.run', parameters: { name: 'nightly-backup', x: 'a b' } },
  ]);
  expect(book.parts.map((part) => (part.type === 'step' ? part.step : 'text'))).toEqual(['text', 0, 1, 'text', 2]);
  expect(book.parts[2]?.markdown).toContain('- [ ] not a step');
  expect(plainStep(book.parts[1]?.markdown ?? '')).toBe('Take it.');
});

test('a text without a head, a title or steps is a runbook too, and a broken head hides nothing', () => {
  expect(parseRunbook('note', 'Just text', false)).toMatchObject({ title: 'note', steps: 0, about: 'Just text' });
  expect(parseRunbook('x', '---\nalerts: [\n---\n# T\n- [ ] one\n', false)).toMatchObject({ title: 'T', steps: 1 });
});
