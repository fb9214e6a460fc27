import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * Whether a request comes from Twilio: `X-Twilio-Signature` is HMAC-SHA1, keyed by the auth token, over the whole
 * address as Twilio called it and every field of the form, sorted by name.
 */
export function verifyTwilio(
  authToken: string,
  url: string,
  fields: URLSearchParams,
  signature: string | undefined,
): boolean {
  const expected = Buffer.from(signTwilio(authToken, url, fields));
  const given = Buffer.from(signature ?? '');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** The signature that Twilio sends with a form. */
export function signTwilio(authToken: string, url: string, fields: URLSearchParams): string {
  const pairs = [...new Set(fields.keys())].sort().flatMap((name) => fields.getAll(name).map((value) => name + value));
  return createHmac('sha1', authToken)
    .update(url + pairs.join(''), 'utf8')
    .digest('base64');
}
