import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DueQueue } from './due-queue.ts';

test('items come out in the order in which they are due, however adding and taking mix', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.integer({ min: 0, max: 50 }), { nil: undefined })), (steps) => {
      const queue = new DueQueue<{ dueAt: number }>();
      const model: number[] = [];
      for (const dueAt of steps) {
        if (dueAt === undefined) {
          model.sort((a, b) => a - b);
          expect(queue.peek()?.dueAt).toBe(model[0]);
          expect(queue.take()?.dueAt).toBe(model.shift());
        } else {
          queue.add({ dueAt });
          model.push(dueAt);
        }
        expect(queue.size).toBe(model.length);
      }
    }),
  );
});
