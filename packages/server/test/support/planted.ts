/** Secrets that tests plant in what they send; none of them may be found anywhere afterwards. */
export const SECRETS = {
  cookie: 'c00kie5ecret77',
  bearer: 'B3arer5ecretValue99',
  jwt: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJwbGFudGVkIn0.c2lnbmF0dXJlMTIz',
  card: '4111 1111 1111 1111',
  password: 'hunter2-planted',
  token: 'tok3nInQuery55',
  pem: '-----BEGIN PRIVATE KEY-----\nMIIplantedKey66\n-----END PRIVATE KEY-----',
};

const TRACES = [
  SECRETS.cookie,
  SECRETS.bearer,
  'eyJzdWIiOiJwbGFudGVkIn0',
  '4111 1111 1111 1111',
  '4111111111111111',
  SECRETS.password,
  SECRETS.token,
  'MIIplantedKey66',
];

/** Texts as applications write them, each with secrets in it. */
export const LEAKING_TEXTS = [
  `jwt ${SECRETS.jwt} card ${SECRETS.card} Bearer ${SECRETS.bearer}`,
  `GET /pay?token=${SECRETS.token}&q=1`,
  `next=%2Fpay%3Ftoken%3D${SECRETS.token}`,
  `request {"user":"ada","password":"${SECRETS.password}"}`,
  `Cookie: sid=${SECRETS.cookie}; theme=dark`,
  `password: ${SECRETS.password}`,
  `login with password='${SECRETS.password}'`,
  SECRETS.pem,
  'paid with 4111111111111111',
];

/** Secrets as applications let them slip, in every form in which they come. */
export const LEAKS = {
  headers: {
    Cookie: `session=${SECRETS.cookie}`,
    Authorization: `Bearer ${SECRETS.bearer}`,
    'X-Api-Key': SECRETS.password,
  },
  pairs: [
    ['Set-Cookie', SECRETS.cookie],
    ['authorization', SECRETS.bearer],
  ],
  named: [
    { name: 'password', value: SECRETS.password },
    { key: 'token', value: SECRETS.token },
  ],
  url: `https://shop.example/pay?token=${SECRETS.token}&q=1`,
  encoded: `next=%2Fpay%3Ftoken%3D${SECRETS.token}`,
  body: `{"user":"ada","password":"${SECRETS.password}"}`,
  escaped: JSON.stringify(JSON.stringify({ password: SECRETS.password })),
  text: LEAKING_TEXTS.join('\n'),
  card: 4111111111111111,
  deep: { a: { b: { c: [{ password: SECRETS.password, note: SECRETS.jwt }] } } },
  pem: SECRETS.pem,
};

/** The first planted secret in the bytes with what stands around it; empty when there is none. */
export function plantedIn(content: Uint8Array | string): string {
  const bytes = Buffer.from(content as string);
  for (const secret of TRACES) {
    const at = bytes.indexOf(secret);
    if (at !== -1) return bytes.toString('utf8', Math.max(0, at - 120), at + 40);
  }
  return '';
}
