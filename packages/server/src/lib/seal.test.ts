import { expect, test } from 'vitest';
import { createSeal } from './seal.ts';

const seal = createSeal('a secret key of the installation', 'monitors');

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
    () => createSeal('another key', 'monitors').open(sealed, 'shop'),
    () => createSeal('a secret key of the installation', 'tokens').open(sealed, 'shop'),
    () => seal.open(sealed, 'other'),
    () => seal.open(changed, 'shop'),
    () => seal.open(Buffer.from('short'), 'shop'),
  ]) {
    expect(open).toThrow('cannot be opened with this secret key');
  }
});
