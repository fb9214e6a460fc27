import { describe, expect, it } from 'vitest';
import { cpuMs } from '../testing/cpu-time.ts';
import { KeyRules } from './key-rules.ts';
import { escapeText } from './quote.ts';
import { RecordWriter } from './record-writer.ts';
import { isCardNumber, maskSecrets } from './secrets.ts';

const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U';

describe('by key', () => {
  const rules = new KeyRules();
  it.each([
    'password',
    'PASSWORD',
    'userPassword',
    'new_password',
    'passwordHash',
    'passwd',
    'pwd',
    'passphrase',
    'secret',
    'clientSecret',
    'client_secret',
    'token',
    'accessToken',
    'refresh_token',
    'csrf-token',
    'id_token',
    'authorization',
    'Authorization',
    'proxy-authorization',
    'cookie',
    'set-cookie',
    'Set-Cookie',
    'api_key',
    'apiKey',
    'x-api-key',
    'APIKEY',
    'stripeApiKey',
    'privateKey',
    'AWS_SECRET_ACCESS_KEY',
    'SUPABASE_SERVICE_ROLE_KEY',
    'credentials',
    'cardNumber',
    'card',
    'credit_card',
    'cvv',
    'CVC',
    'ssn',
    'otp',
    'otpCode',
    'pin',
    'iban',
    'x-yumops-key',
    'jwt',
  ])('redacts %s', (key) => {
    expect(rules.treatmentOf(key)).toBe('redact');
  });

  it.each([
    'tokenCount',
    'maxTokens',
    'tokens',
    'passwordExpiresAt',
    'password_reset',
    'author',
    'discard',
    'postcard',
    'key',
    'keyboard',
    'cardinality',
    'secretary',
    'pinned',
    'shipping',
    'cookiesEnabled',
    'userId',
    'email',
    'ip',
    'session_count',
    'primaryKey',
    'monkey',
    'typing',
    'option',
    'compass',
  ])('keeps %s', (key) => {
    expect(rules.treatmentOf(key)).toBe('keep');
  });

  it.each(['session', 'sessionId', 'session_id', 'sid', 'PHPSESSID'])('hashes %s', (key) => {
    expect(rules.treatmentOf(key)).toBe('hash');
  });

  it('obeys lists of one’s own', () => {
    const own = new RecordWriter({
      keys: ['nickName'],
      hash: ['email'],
      remove: ['debug_info'],
      allow: ['token'],
      hashKey: 'k',
    });
    const written = JSON.parse(
      `{${own.fields({ nick_name: 'x', email: 'a@b.c', debugInfo: 1, token: 'fine', deep: [{ EMAIL: 'a@b.c' }] }).slice(1)}}`,
    );
    expect(written).toEqual({
      nick_name: '[redacted]',
      email: expect.stringMatching(/^hash:[0-9a-f]{16}$/),
      token: 'fine',
      deep: [{ EMAIL: written.email }],
    });
  });

  it('keeps booleans and null, and looks into objects under hashed keys', () => {
    const writer = new RecordWriter({ hashKey: 'k' });
    const written = JSON.parse(
      `{${writer.fields({ password: true, token: null, secret: { a: 1 }, otp: 123456, session: { user: 'u', token: 't' } }).slice(1)}}`,
    );
    expect(written).toEqual({
      password: true,
      token: null,
      secret: '[redacted]',
      otp: '[redacted]',
      session: { user: 'u', token: '[redacted]' },
    });
  });

  it('hashes equal values equally and different keys differently', () => {
    const hash = (key: string, value: string) => new RecordWriter({ hashKey: key }).fields({ sid: value });
    expect(hash('k', 'a')).toBe(hash('k', 'a'));
    expect(hash('k', 'a')).not.toBe(hash('k', 'b'));
    expect(hash('k', 'a')).not.toBe(hash('l', 'a'));
  });
});

const SECRETS: [string, string, string][] = [
  ['a bearer token', 'sent Bearer abc123def456 to it', 'sent Bearer [redacted] to it'],
  ['a bearer token in lower case', 'authorization: bearer abc123def456', 'authorization: bearer [redacted]'],
  ['basic credentials', 'Authorization: Basic dXNlcjpwYXNzd29yZA==', 'Authorization: Basic [redacted]'],
  ['a JWT', `got ${JWT}.`, 'got [redacted]'],
  ['a private key', 'k=-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- end', 'k=[redacted] end'],
  ['a private key without end', '-----BEGIN PRIVATE KEY-----\nMIIEvQ', '[redacted]'],
  ['a card', 'paid with 4111 1111 1111 1111 today', 'paid with [redacted] today'],
  ['a card with dashes', '5500-0000-0000-0004', '[redacted]'],
  ['a card after letters', 'abcd4111111111111111', 'abcd[redacted]'],
  [
    'a connection string',
    'connect postgres://app:s3cret@db.internal:5432/shop failed',
    'connect postgres://app:[redacted]@db.internal:5432/shop failed',
  ],
  ['a token in a query', 'GET /reset?token=abcdef&lang=en', 'GET /reset?token=[redacted]&lang=en'],
  [
    'a key in a query',
    'https://maps.test/geocode?address=x&key=AbCd',
    'https://maps.test/geocode?address=x&key=[redacted]',
  ],
  ['a password in a text', 'login failed, password=hunter22 for bob', 'login failed, password=[redacted] for bob'],
  ['a password in JSON text', 'body {"password":"hunter22","a":1}', 'body {"password":[redacted],"a":1}'],
  ['a Stripe key', 'using sk_live_abcdefghijklmnop', 'using [redacted]'],
  ['a GitHub token', 'ghp_abcdefghijklmnopqrstuvwxyz0123456789', '[redacted]'],
  ['a Slack token', 'xoxb-123456789012-abcdefghij', '[redacted]'],
  ['an AWS key id', 'id AKIAIOSFODNN7EXAMPLE used', 'id [redacted] used'],
  ['a Google key', 'AIzaSyD-9tSrke72PouQMnMX-a7eZSW0jkFMBWY', '[redacted]'],
];

describe('by value', () => {
  it.each(SECRETS)('masks %s', (_name, text, expected) => {
    expect(maskSecrets(text)).toBe(expected);
    expect(JSON.parse(`"${escapeText(text)}"`)).toBe(expected);
    expect(JSON.parse(`"${escapeText(`${text} ${'é'.repeat(300)}`)}"`)).not.toContain('hunter22');
  });

  it.each([
    'Bearer token missing',
    'bearer authentication is required',
    'basic authentication',
    'a basic idea',
    'https://yumzoom.app/menu?page=2',
    'user@example.com',
    'order 1234567890123 shipped',
    '2026-01-05T10:00:00.000Z',
    '01a207ed-212e-7f2b-ab47-1ffc580b3ace',
    'trace abc4111111111111111abcdefabcdefa ended',
    'aaaaaaaa-4111-1111-1111-1111abcdabcd',
    'http://127.0.0.1:3000/a',
    '4111 1111 1111 1112',
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36',
    'select * from tokens where id = 1',
    'snake_case_name',
    'key: value',
  ])('leaves %s', (text) => {
    expect(maskSecrets(text)).toBe(text);
    expect(JSON.parse(`"${escapeText(text)}"`)).toBe(text);
  });

  it('finds card numbers that are numbers, and no other numbers', () => {
    expect(isCardNumber(4111111111111111)).toBe(true);
    expect(isCardNumber(4111111111111112)).toBe(false);
    expect(isCardNumber(1767607200000)).toBe(false);
    expect(isCardNumber(Number.MAX_SAFE_INTEGER)).toBe(false);
  });

  it.each([
    'eyJ',
    '-----BEGIN PRIVATE KEY-----',
    'a.',
    'https://a:',
    'Bearer ',
    '4 ',
    'token=',
    'a-eyJ-',
    '?key=',
    'basic A',
    '1-',
  ])('takes bounded time for repetitions of %j', (part) => {
    const text = part.repeat(Math.ceil(16_384 / part.length));
    expect(cpuMs(() => maskSecrets(text))).toBeLessThan(200);
  });
});
