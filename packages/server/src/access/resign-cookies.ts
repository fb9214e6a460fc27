import { createHmac } from 'node:crypto';
import { type Keyring, signerOf } from '../lib/keyring.ts';

const sign = (key: string, value: string) => createHmac('sha256', key).update(value).digest('base64');

/**
 * Signs the account library's cookies anew where a previous key signed them, so that nobody is signed out by a new key.
 * The library itself verifies with one key.
 */
export function resignCookies(headers: Headers, ring: Keyring): Headers {
  const cookies = headers.get('cookie');
  if (cookies === null || ring.previous.length === 0) return headers;
  const anew = cookies.split('; ').map((cookie) => {
    const [name = '', written = ''] = cookie.split(/=(.*)/s);
    if (!/^(__Secure-)?yumops\./.test(name)) return cookie;
    const [, value, signature] = /^(.+)\.([^.]+)$/s.exec(decoded(written)) ?? [];
    if (value === undefined || signature === undefined) return cookie;
    const signer = signerOf(ring, (key) => sign(key, value), signature);
    if (signer === undefined || signer === ring.current) return cookie;
    return `${name}=${encodeURIComponent(`${value}.${sign(ring.current, value)}`)}`;
  });
  const result = new Headers(headers);
  result.set('cookie', anew.join('; '));
  return result;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}
