import { expect, test } from 'vitest';
import type { SiteSurvey } from '../../../../observe/uptime/index.ts';
import { judgeSite, sitesCheck } from './index.ts';
import { readCookie } from './judge-cookies.ts';

const GOOD = {
  'content-type': 'text/html; charset=utf-8',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'content-security-policy': "default-src 'self'; script-src 'nonce-abc' 'unsafe-inline'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'strict-origin-when-cross-origin',
  'permissions-policy': 'camera=()',
  server: 'nginx',
};
const DAY = 86_400_000;
const CERTIFICATE = { days: 60, issuer: 'R11', subject: 'shop.test', validFrom: 0, validTo: 60 * DAY };
const TLS = {
  ...{ protocol: 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256', certificate: CERTIFICATE, distrust: null },
  ...{ oldProtocols: [], staticCipher: null },
};

interface Changes {
  origin?: string;
  headers?: Record<string, string | undefined>;
  cookies?: string[];
  tls?: Partial<NonNullable<SiteSurvey['tls']>> | null;
  problem?: string;
}

function survey({ origin = 'https://shop.test', headers, cookies = [], tls = {}, problem }: Changes): SiteSurvey {
  const kept = Object.entries({ ...GOOD, ...headers }).filter(([, value]) => value !== undefined);
  return {
    site: { origin, target: origin, urls: [], tls: null, allowPrivate: false, ca: [] },
    tls: tls === null ? null : { ...TLS, ...tls },
    answers: [
      { url: `${origin}/menu`, status: 200, headers: Object.fromEntries(kept) as Record<string, string>, cookies },
    ],
    problem: problem ?? null,
  };
}

test('a well-kept site has nothing against it', () => {
  const cookies = ['sid=1; Secure; HttpOnly; SameSite=Lax', 'csrf_token=1; Secure; SameSite=Strict'];
  expect(judgeSite(survey({ cookies }))).toEqual([]);
});

test('an API without pages needs no policy of pages', () => {
  const headers = {
    'content-type': 'application/json',
    ...{ 'content-security-policy': undefined, 'referrer-policy': undefined, 'permissions-policy': undefined },
  };
  expect(judgeSite(survey({ headers }))).toEqual([]);
});

test.each<[string, Changes]>([
  ['hsts_missing', { headers: { 'strict-transport-security': undefined } }],
  ['hsts_short', { headers: { 'strict-transport-security': 'max-age=86400' } }],
  ['nosniff_missing', { headers: { 'x-content-type-options': undefined } }],
  ['csp_missing', { headers: { 'content-security-policy': undefined, 'x-frame-options': 'DENY' } }],
  ['csp_weak', { headers: { 'content-security-policy': "script-src 'self' 'unsafe-inline'; frame-ancestors 'self'" } }],
  ['csp_weak', { headers: { 'content-security-policy': "img-src 'self'; frame-ancestors 'self'" } }],
  ['framing_open', { headers: { 'content-security-policy': "default-src 'self'" } }],
  ['framing_open', { headers: { 'content-security-policy': "default-src 'self'; frame-ancestors *" } }],
  ['referrer_policy', { headers: { 'referrer-policy': 'unsafe-url' } }],
  ['permissions_policy', { headers: { 'permissions-policy': undefined } }],
  ['version_told', { headers: { server: 'nginx/1.18.0' } }],
  ['version_told', { headers: { 'x-powered-by': 'Next.js' } }],
  ['cookie_open', { cookies: ['sid=1; HttpOnly; SameSite=Lax'] }],
  ['certificate_ends', { tls: { certificate: { ...CERTIFICATE, days: 5 } } }],
  ['tls_old', { tls: { oldProtocols: ['TLSv1'] } }],
  ['tls_no_forward_secrecy', { tls: { staticCipher: 'AES128-SHA' } }],
  ['no_tls', { origin: 'http://shop.test', tls: null }],
])('%s is found, and nothing else', (code, changes) => {
  const findings = judgeSite(survey(changes));
  expect(findings.map((finding) => finding.code)).toEqual([code]);
  expect(findings[0]).toMatchObject({ subject: changes.origin ?? 'https://shop.test' });
});

test.each(['http://127.0.0.1:3000', 'http://localhost:3000', 'http://10.0.0.4', 'http://[::1]:3000'])(
  '%s is not on the way of strangers',
  (origin) => {
    expect(judgeSite(survey({ origin, tls: null })).map(({ code }) => code)).not.toContain('no_tls');
  },
);

test('a site that is not trusted is unknown beyond its certificate', () => {
  const seen = survey({ tls: { distrust: 'The certificate of shop.test is self-signed and not trusted.' } });
  const findings = judgeSite({ ...seen, answers: [] });
  expect(findings.map(({ code, severity }) => [code, severity])).toEqual([
    ['certificate_distrusted', 'high'],
    ['not_seen', 'unknown'],
  ]);
});

test('a site that does not answer is unknown', () => {
  const seen = survey({ tls: null, problem: 'The connection to 192.0.2.1:443 was refused.' });
  expect(judgeSite({ ...seen, answers: [] })).toMatchObject([{ severity: 'unknown', subject: 'https://shop.test' }]);
});

test.each([
  ['sid=1; SameSite=Lax; Secure', 'HttpOnly', 'medium'],
  ['theme=dark; Secure', 'SameSite', 'low'],
  ['theme=dark; SameSite=None', 'Secure', 'low'],
])('the cookie %s lacks %s', (cookie, lacks, severity) => {
  const [finding] = judgeSite(survey({ cookies: [cookie] }));
  expect(finding).toMatchObject({ object: cookie.split('=')[0], severity });
  expect(finding?.message).toContain(`lacks ${lacks}`);
});

test('the value of a cookie stands nowhere', () => {
  const findings = judgeSite(survey({ cookies: ['sid=very-secret-value; Path=/'] }));
  expect(JSON.stringify(findings)).not.toContain('very-secret-value');
  expect(readCookie('sid=a=b;Secure').name).toBe('sid');
});

test('without a site there is nothing to look at, and the check says so', async () => {
  const check = sitesCheck(async () => []);
  expect(await check.run({ now: 0, signal: new AbortController().signal })).toMatchObject({ off: true, findings: [] });
});

test('what was asked somewhere else than it is written is told', async () => {
  const seen = survey({});
  const moved = { ...seen, site: { ...seen.site, target: 'http://127.0.0.1:3000' } };
  const { looked } = await sitesCheck(async () => [moved]).run({ now: 0, signal: new AbortController().signal });
  expect(looked).toContain('https://shop.test was asked at http://127.0.0.1:3000, where it speaks no TLS');
});

test('what a site says over https alone is not missed where it was asked without', () => {
  const seen = survey({ headers: { 'strict-transport-security': undefined }, cookies: ['theme=dark; SameSite=Lax'] });
  expect(judgeSite({ ...seen, site: { ...seen.site, target: 'http://127.0.0.1:3000' } })).toEqual([]);
  expect(judgeSite(seen)).toHaveLength(2);
});
