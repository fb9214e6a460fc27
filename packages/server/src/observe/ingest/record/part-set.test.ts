import { expect, it } from 'vitest';
import { PartSet } from './part-set.ts';

const textOf = ({ payload }: { payload: Uint8Array }) => Buffer.from(payload).toString();

it('sets that follow each other share memory and no rows', () => {
  const day = Date.UTC(2026, 10, 23);
  const bodies = [3_000, 1, 40].map((rows, nth) => {
    const parts = new PartSet();
    for (let i = 0; i < rows; i += 1) {
      for (const table of ['logs', 'requests']) parts.beginRow(table, day, 'logs').text(`${nth}-${table}-${i}\n`);
    }
    return parts.take();
  });
  const open = new PartSet();
  open.beginRow('logs', day, 'logs').text('open');
  const beside = new PartSet();
  beside.beginRow('logs', day, 'logs').text('beside');
  expect([textOf(open.take()), textOf(beside.take()), textOf(new PartSet().take())]).toEqual(['open', 'beside', '']);
  for (const [nth, rows] of [3_000, 1, 40].entries()) {
    const ofTable = (table: string) => Array.from({ length: rows }, (_, i) => `${nth}-${table}-${i}\n`).join('');
    expect(textOf(bodies[nth] as { payload: Uint8Array })).toBe(ofTable('logs') + ofTable('requests'));
  }
});
