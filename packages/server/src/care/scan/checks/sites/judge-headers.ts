import type { SiteAnswer } from '../../../../observe/uptime/index.ts';
import { type FoundOf, found } from '../../check.ts';
import type { Found } from '../../finding.ts';

const HALF_A_YEAR_S = 15_552_000;

type Headers = SiteAnswer['headers'];
type Wrong = Omit<FoundOf, 'subject'>;

/** What is wrong with the headers of one answer. @param secure whether visitors come by https */
export function judgeHeaders(subject: string, { url, headers }: SiteAnswer, secure: boolean): Found[] {
  const path = new URL(url).pathname;
  const isPage = /html/i.test(headers['content-type'] ?? '');
  const wrong = [
    ...(secure ? transport(headers) : []),
    ...sniffing(headers),
    ...(isPage ? [...policy(headers), ...framing(headers), ...referrer(headers), ...permissions(headers)] : []),
    ...disclosure(headers),
  ];
  return wrong.map((one) => found({ ...one, subject, evidence: `${one.evidence} (answer to ${path})` }));
}

const absent = (name: string) => `There is no ${name}`;

/** HSTS, RFC 6797. */
function transport(headers: Headers): Wrong[] {
  const value = headers['strict-transport-security'];
  if (value === undefined) {
    return [
      {
        ...{ code: 'hsts_missing', severity: 'medium', evidence: absent('Strict-Transport-Security') },
        message: 'Browsers are not told to come by https alone.',
        fix: 'Send Strict-Transport-Security: max-age=31536000; includeSubDomains.',
      },
    ];
  }
  const age = Number(/max-age\s*=\s*"?(\d+)/i.exec(value)?.[1] ?? 0);
  if (age >= HALF_A_YEAR_S) return [];
  return [
    {
      ...{ code: 'hsts_short', severity: 'low', evidence: `Strict-Transport-Security: ${clip(value)}` },
      message: `Browsers forget after ${Math.floor(age / 86_400)} days that they are to come by https alone.`,
      fix: 'Raise max-age to 31536000, a year.',
    },
  ];
}

function sniffing(headers: Headers): Wrong[] {
  const value = headers['x-content-type-options'];
  if (value?.trim().toLowerCase() === 'nosniff') return [];
  return [
    {
      ...{ code: 'nosniff_missing', severity: 'low' },
      evidence: value === undefined ? absent('X-Content-Type-Options') : `X-Content-Type-Options: ${clip(value)}`,
      message: 'Browsers may take an answer for another type than it says, such as an upload for a script.',
      fix: 'Send X-Content-Type-Options: nosniff.',
    },
  ];
}

function policy(headers: Headers): Wrong[] {
  const value = headers['content-security-policy'];
  if (value === undefined) {
    return [
      {
        ...{ code: 'csp_missing', severity: 'medium', evidence: absent('Content-Security-Policy') },
        message: 'A script that somebody slips into a page runs: no policy says which may.',
        fix: "Send a Content-Security-Policy with nonces or hashes for scripts, object-src 'none' and base-uri 'none'.",
      },
    ];
  }
  const scripts = directive(value, 'script-src') ?? directive(value, 'default-src') ?? '';
  const isStrict = /'(?:nonce-|sha(?:256|384|512)-|strict-dynamic)/i.test(scripts);
  if (scripts !== '' && (isStrict || !/'unsafe-inline'/i.test(scripts))) return [];
  return [
    {
      ...{ code: 'csp_weak', severity: 'low', evidence: `Content-Security-Policy: ${clip(value)}` },
      message: 'The policy of content lets any script run that stands in a page.',
      fix: "Take 'unsafe-inline' out of script-src; give the scripts of the page nonces or hashes.",
    },
  ];
}

function framing(headers: Headers): Wrong[] {
  const ancestors = directive(headers['content-security-policy'] ?? '', 'frame-ancestors');
  const option = headers['x-frame-options']?.trim().toLowerCase();
  if (ancestors !== undefined ? !/(?:^|\s)\*(?:\s|$)/.test(ancestors) : option === 'deny' || option === 'sameorigin') {
    return [];
  }
  return [
    {
      ...{ code: 'framing_open', severity: 'low', evidence: absent('frame-ancestors and no X-Frame-Options') },
      message: 'Any site may show its pages in a frame and lead visitors to click there.',
      fix: "Add frame-ancestors 'self' to the Content-Security-Policy.",
    },
  ];
}

function referrer(headers: Headers): Wrong[] {
  const value = headers['referrer-policy']?.toLowerCase();
  if (value !== undefined && !value.includes('unsafe-url')) return [];
  return [
    {
      ...{ code: 'referrer_policy', severity: 'low' },
      evidence: value === undefined ? absent('Referrer-Policy') : `Referrer-Policy: ${clip(value)}`,
      message: 'It is left to browsers what other sites learn of the addresses of pages.',
      fix: 'Send Referrer-Policy: strict-origin-when-cross-origin, or no-referrer.',
    },
  ];
}

function permissions(headers: Headers): Wrong[] {
  if (headers['permissions-policy'] !== undefined) return [];
  return [
    {
      ...{ code: 'permissions_policy', severity: 'low', evidence: absent('Permissions-Policy') },
      message: 'Scripts of others in a page may ask for camera, microphone and place in its name.',
      fix: 'Send Permissions-Policy: camera=(), microphone=(), geolocation=(), without what the pages use.',
    },
  ];
}

/** Names and versions of what runs there tell an attacker what to try. */
function disclosure(headers: Headers): Wrong[] {
  const named = ['server', 'x-powered-by', 'x-aspnet-version', 'x-generator'].flatMap((name) => {
    const value = headers[name];
    return value !== undefined && (/\d/.test(value) || name !== 'server') ? [`${name}: ${clip(value)}`] : [];
  });
  if (named.length === 0) return [];
  return [
    {
      ...{ code: 'version_told', severity: 'low', evidence: named.join('; ') },
      message: 'Its answers tell strangers what software runs there.',
      fix: 'Take the header out, or the version (Next.js: poweredByHeader: false; Express: app.disable("x-powered-by"); nginx: server_tokens off).',
    },
  ];
}

function directive(value: string, name: string): string | undefined {
  const own = value.split(';').find((part) => part.trim().toLowerCase().split(/\s/, 1)[0] === name);
  return own?.trim().slice(name.length).trim();
}

function clip(value: string): string {
  return value.length > 160 ? `${value.slice(0, 160)} …` : value;
}
