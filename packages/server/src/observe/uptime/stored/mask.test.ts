import { expect, test } from 'vitest';
import { maskDefinition, unmaskDefinition } from './mask.ts';

const DEFINITION = {
  name: 'Shop',
  url: 'https://yumzoom.app',
  headers: { 'x-key': 'abc' },
  auth: { basic: { username: 'u', password: 'p' } },
  steps: [{ name: 'login', auth: { bearer: 't' }, url: 'https://u:secret@x.test/' }],
};

test('secrets are masked wherever they stand, and all else is seen', () => {
  expect(maskDefinition(DEFINITION)).toEqual({
    name: 'Shop',
    url: 'https://yumzoom.app',
    headers: { 'x-key': '[secret]' },
    auth: { basic: { username: 'u', password: '[secret]' } },
    steps: [{ name: 'login', auth: { bearer: '[secret]' }, url: 'https://u:[secret]@x.test/' }],
  });
});

test('what comes back masked is as it was; what is written anew is new', () => {
  const masked = maskDefinition(DEFINITION) as typeof DEFINITION;
  expect(unmaskDefinition(masked, DEFINITION)).toEqual(DEFINITION);
  expect(unmaskDefinition({ ...masked, headers: { 'x-key': 'new' } }, DEFINITION)).toEqual({
    ...DEFINITION,
    headers: { 'x-key': 'new' },
  });
});

test('a mask over nothing stays one, and is no secret', () => {
  expect(unmaskDefinition({ token: '[secret]' }, {})).toEqual({ token: '[secret]' });
});
