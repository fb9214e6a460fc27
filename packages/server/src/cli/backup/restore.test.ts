import { expect, test } from 'vitest';
import { refuseContradictions } from './restore.ts';

test.each([
  [{ to: 'u', 'to-dir': 'd' }, '--to and --to-dir'],
  [{ to: 'u', schema: 's', table: 't' }, '--schema and --table'],
  [{ at: 'now', to: 'u' }, '--at and --to'],
  [{ at: 'now', 'to-dir': 'd', file: 'menu.pdf' }, '--at and --file'],
  [{ at: 'now', 'to-dir': 'd', table: 't' }, '--at and --table'],
  [{ to: 'u', file: 'menu.pdf' }, '--to and --file'],
  [{ 'to-dir': 'd', table: 't' }, '--to-dir and --table'],
  [{ 'to-dir': 'd', schema: 's' }, '--to-dir and --schema'],
])('%o is refused, not restored without one of them', (args, which) => {
  expect(() => refuseContradictions(args)).toThrow(`${which} exclude each other.`);
});

test.each([[{ to: 'u', table: 't', yes: true }], [{ 'to-dir': 'd', file: 'f' }], [{ at: 'now', 'to-dir': 'd' }]])(
  '%o is taken',
  (args) => {
    expect(() => refuseContradictions(args)).not.toThrow();
  },
);
