import { describe, expect, it } from 'vitest';
import { cpuMs } from '../../../../test/support/cpu-time.ts';
import { BodyEncoder } from './body.ts';
import { REDACTED, scrubText } from './scrub.ts';
import { scrubTree } from './scrub-tree.ts';
import { isSecretName } from './secret-names.ts';

const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P';
const PEM = '-----BEGIN RSA PRIVATE KEY-----\nMIIBOgIBAAJBAK\n-----END RSA PRIVATE KEY-----';

// Digits alone, and the check digit of a card: about one of 60,000 random ids.
const CARD_LIKE = '4111111111111111';

describe('ids of spans', () => {
  it('are kept under their names when they look like card numbers, and nothing else is', () => {
    const ids = { span_id: CARD_LIKE, parent_span_id: CARD_LIKE, spanId: CARD_LIKE, parentSpanId: CARD_LIKE };
    expect(scrubTree({ spans: [ids], id: CARD_LIKE, span_id: `paid with ${CARD_LIKE}` })).toEqual({
      ...{ spans: [ids], id: REDACTED, span_id: `paid with ${REDACTED}` },
    });
    const attribute = { value: CARD_LIKE, type: 'string', note: CARD_LIKE };
    expect(scrubTree({ 'sentry.trace.parent_span_id': attribute, 'order.id': attribute })).toEqual({
      'sentry.trace.parent_span_id': { ...attribute, note: REDACTED },
      'order.id': { ...attribute, value: REDACTED, note: REDACTED },
    });
    const lines = ['spanId', 'parent', 'requestId'].map((name) => JSON.stringify({ message: 'm', [name]: CARD_LIKE }));
    const lax = JSON.stringify({ message: 'm', spanId: `${CARD_LIKE} ` });
    const encoded = new BodyEncoder('t', 'key').encode(Buffer.from([...lines, lax].join('\n')), 'ndjson', {
      project: '1',
      now: 1e12,
    });
    if (!encoded.ok) throw new Error('refused');
    const stored = Buffer.from(encoded.payload).toString();
    expect(stored.split(CARD_LIKE)).toHaveLength(2);
    expect(stored).toContain(`"spanId":"${CARD_LIKE}"`);
  });
});

describe('scrubText', () => {
  it.each([
    ['authorization: Bearer abcDEF123456', `authorization: Bearer ${REDACTED}`],
    ['Basic dXNlcjpwYXNz', `Basic ${REDACTED}`],
    [`token was ${JWT}, sorry`, `token was ${REDACTED}, sorry`],
    [`key:\n${PEM}\nend`, `key:\n${REDACTED}\nend`],
    ['-----BEGIN PRIVATE KEY-----\ncut off', REDACTED],
    ['postgres://app:s3cr3t@db:5432/x', `postgres://app:${REDACTED}@db:5432/x`],
    ['redis://:p@ss@host', `redis://:${REDACTED}@host`],
    ['card 4111 1111 1111 1111.', `card ${REDACTED}.`],
    ['card 4111-1111-1111-1111', `card ${REDACTED}`],
    ['378282246310005', REDACTED],
    ['GET /x?token=abc&page=2', `GET /x?token=${REDACTED}&page=2`],
    ['api_key=abc password=hunter2', `api_key=${REDACTED} password=${REDACTED}`],
    ['body {"password":"hunter2","name":"x"}', `body {"password":"${REDACTED}","name":"x"}`],
    ['{"pin":1234', `{"pin":"${REDACTED}"`],
    ['Cookie: sid=abc; theme=dark', `Cookie: ${REDACTED}`],
    ['GET / set-cookie: a=b\nhost: x', `GET / set-cookie: ${REDACTED}\nhost: x`],
    ['password: hunter2', `password: ${REDACTED}`],
    ['password = "hunter two" x', `password = "${REDACTED}" x`],
    ["{ token: 'abc' }", `{ token: '${REDACTED}' }`],
  ])('%s', (text, expected) => {
    expect(scrubText(text)).toBe(expected);
    expect(scrubText(expected)).toBe(expected);
  });

  it.each([
    'bearer of bad news',
    'cookie: none was sent',
    'token: expired',
    'name: "Ada"',
    'basic validation failed',
    'mail to user@example.com',
    'order 4111111111111112 of 1795429580548',
    'id 12345678-1234-4123-8123-123456789012',
    'https://example.com/a?page=2&sort=name',
    'a=b c=d',
    'eyJ is how they begin',
    '550e8400e29b41d4a716446655440000',
  ])('leaves %s', (text) => {
    expect(scrubText(text)).toBe(text);
  });

  it.each([
    ['eyJ', 'eyJ'],
    ['-eyJ', '-eyJ'],
    ['://a:', '://a:'],
    ['Bearer ', 'Bearer '],
    ['4111 ', '4111 '],
    ['a.', 'a.'],
    ['-----BEGIN ', '-----BEGIN '],
    ['"a":"', '"a":"'],
    ['a: "', 'a: "'],
    ['cookie: ', 'cookie: '],
    ['cookie:a=', 'cookie:a='],
    ['password: ', 'password: '],
  ])('takes linear time over a hundred thousand times %s', (piece) => {
    const text = piece.repeat(100_000).slice(0, 256 * 1024);
    expect(cpuMs(() => scrubText(text))).toBeLessThan(1_500);
  });
});

describe('secret names', () => {
  it.each([
    'password',
    'db_password',
    'PASSWD',
    'x-api-key',
    'apiKey',
    'accessToken',
    'refresh_token',
    'Set-Cookie',
    'authorization',
    'clientSecret',
    'cvv',
    'card',
    'session-id',
    'jwt',
    'private_key',
  ])('%s is one', (name) => {
    expect(isSecretName(name)).toBe(true);
  });

  it.each([
    'author',
    'tokens',
    'token_count',
    'cardinality',
    'pinned',
    'endpoint',
    'message',
    'keyboard',
    'userId',
    'passed',
    'discard',
  ])('%s is none', (name) => {
    expect(isSecretName(name)).toBe(false);
  });
});

it('scrubs nested values', () => {
  expect(scrubTree({ a: [{ token: 'x', b: 'Bearer abcDEF123456' }], password: { deep: 1 } })).toEqual({
    a: [{ token: REDACTED, b: `Bearer ${REDACTED}` }],
    password: REDACTED,
  });
});

it.each([
  ['message', 'body was {"password":"abcDEF123456"}'],
  ['message', 'login with password: abcDEF123456'],
  ['message', 'Cookie: sid=abcDEF123456; b=1'],
  ['message', 'next=%2Fpay%3Ftoken%3DabcDEF123456'],
  ['endpoint', '/x%3Ftoken%3DabcDEF123456'],
  ['pairs', JSON.stringify([['Cookie', 'abcDEF123456']])],
  ['pairs', [['Cookie', 'abcDEF123456']]],
  ['named', [{ name: 'password', value: 'abcDEF123456' }]],
  ['json', JSON.stringify({ password: { now: 'abcDEF123456' } })],
  ['message', 'login with Bearer abcDEF123456'],
  ['endpoint', '/x?access_token=abcDEF123456'],
  ['note', `found ${JWT}abcDEF123456`],
  ['note', '\\u0042earer abcDEF123456'],
  ['password', 'abcDEF123456'],
  ['list', ['x', { apiKey: 'abcDEF123456' }]],
  ['user', { credentials: { x: 'abcDEF123456' } }],
  ['headers', { Cookie: 'abcDEF123456' }],
  ['userId', 'postgres://u:abcDEF123456@h/d'],
])('no secret in %s reaches the spool: %j', (key, value) => {
  const json = JSON.stringify({ [key]: value }).replaceAll('\\\\u', '\\u');
  for (const body of [json, `${json} trailing`]) {
    const encoded = new BodyEncoder('t', 'key').encode(Buffer.from(body), 'ndjson', { project: '1', now: 1e12 });
    if (!encoded.ok) throw new Error(encoded.message);
    expect(encoded.payload.length).toBeGreaterThan(0);
    expect(Buffer.from(encoded.payload).toString()).not.toContain('abcDEF123456');
  }
});
