import { expect, test } from 'vitest';
import { signTwilio, verifyTwilio } from './signature.ts';

/** The example in Twilio's documentation of webhook security. */
const URL_CALLED = 'https://mycompany.com/myapp.php?foo=1&bar=2';
const FIELDS = new URLSearchParams({
  CallSid: 'CA1234567890ABCDE',
  Caller: '+12349013030',
  Digits: '1234',
  From: '+12349013030',
  To: '+18005551212',
});

test("the signature of Twilio's own example", () => {
  expect(signTwilio('12345', URL_CALLED, FIELDS)).toBe('0/KCTR6DLpKmkAf8muzZqo1nDgQ=');
  expect(verifyTwilio('12345', URL_CALLED, FIELDS, '0/KCTR6DLpKmkAf8muzZqo1nDgQ=')).toBe(true);
});

test.each([
  ['another token', '12346', URL_CALLED, FIELDS, '0/KCTR6DLpKmkAf8muzZqo1nDgQ='],
  ['another address', '12345', `${URL_CALLED}&baz=3`, FIELDS, '0/KCTR6DLpKmkAf8muzZqo1nDgQ='],
  ['another field', '12345', URL_CALLED, new URLSearchParams({ Digits: '4' }), '0/KCTR6DLpKmkAf8muzZqo1nDgQ='],
  ['no signature', '12345', URL_CALLED, FIELDS, undefined],
  ['a shorter signature', '12345', URL_CALLED, FIELDS, '0/KC'],
])('%s is refused', (_name, token, url, fields, signature) => {
  expect(verifyTwilio(token, url, fields, signature)).toBe(false);
});
