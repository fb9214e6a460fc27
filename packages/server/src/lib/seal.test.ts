import { expect, test } from 'vitest';
import { createSeal } from './seal.ts';

const seal = createSeal({ current: 'a secret key of the installation', previous: [] }, 'monitors');

test('what is sealed can be opened, and does not show', () => {
  const sealed = seal.close('{"token":"s3cret"}', 'shop');
  expect(sealed.toString('latin1')).not.toContain('s3cret');
  expect(seal.open(sealed, 'shop')).toBe('{"token":"s3cret"}');
  expect(seal.close('x', 'shop')).not.toEqual(seal.close('x', 'shop'));
});

test('another key, another place, another purpose or a changed byte do not open it', () => {
  const sealed = seal.close('text', 'shop');
  const changed = Buffer.from(sealed);
  changed[15] = (changed[15] as number) ^ 1;
  for (const open of [
    () => createSeal({ current: 'another key', previous: [] }, 'monitors').open(sealed, 'shop'),
    () => createSeal({ current: 'a secret key of the installation', previous: [] }, 'tokens').open(sealed, 'shop'),
    () => seal.open(sealed, 'other'),
    () => seal.open(changed, 'shop'),
    () => seal.open(Buffer.from('short'), 'shop'),
  ]) {
    expect(open).toThrow('cannot be opened with this secret key');
  }
});

test('opens what a key before the current one closed, and tells under which key it stands', () => {
  const before = createSeal({ current: 'the old key', previous: [] }, 'monitors');
  const after = createSeal({ current: 'the new key', previous: ['the old key'] }, 'monitors');
  const sealed = before.close('a token', 'shop');
  expect(after.open(sealed, 'shop')).toBe('a token');
  expect(after.standingOf(sealed, 'shop')).toBe('previous');
  const anew = after.close('a token', 'shop');
  expect(after.standingOf(anew, 'shop')).toBe('current');
  expect(before.standingOf(anew, 'shop')).toBe('unreadable');
  expect(after.standingOf(sealed, 'another')).toBe('unreadable');
});
