import { found } from '../../check.ts';
import type { Found, ScanSeverity } from '../../finding.ts';

interface Cookie {
  name: string;
  secure: boolean;
  httpOnly: boolean;
  /** Lower case; null = not said. */
  sameSite: string | null;
}

/** Reads a `Set-Cookie`; its value is not kept. */
export function readCookie(text: string): Cookie {
  const [pair = '', ...attributes] = text.split(';');
  const known = new Map(
    attributes.map((attribute) => {
      const [name = '', value = ''] = attribute.split('=');
      return [name.trim().toLowerCase(), value.trim().toLowerCase()];
    }),
  );
  return {
    name: (pair.split('=', 1)[0] ?? '').trim(),
    secure: known.has('secure'),
    httpOnly: known.has('httponly'),
    sameSite: known.get('samesite') ?? null,
  };
}

/** Names under which sessions and logins travel. */
const SESSION = /sess|sid$|^sid|auth|token|jwt|login|remember/i;
/** A token against forged requests is there for scripts to read. */
const FOR_SCRIPTS = /csrf|xsrf/i;

/** What cookies lack. @param secure whether visitors come by https */
export function judgeCookies(subject: string, cookies: readonly string[], secure: boolean): Found[] {
  return cookies.map(readCookie).flatMap((cookie) => {
    const isSession = SESSION.test(cookie.name) && !FOR_SCRIPTS.test(cookie.name);
    const lacks = lacking(cookie, isSession, secure);
    return lacks.length === 0 ? [] : [findingOf(subject, cookie, lacks, isSession)];
  });
}

function lacking({ secure, httpOnly, sameSite }: Cookie, isSession: boolean, isHttps: boolean): string[] {
  // A browser takes SameSite=None only together with Secure.
  const needsSecure = isHttps || sameSite === 'none';
  return [
    ...(needsSecure && !secure ? ['Secure'] : []),
    ...(isSession && !httpOnly ? ['HttpOnly'] : []),
    ...(sameSite === null ? ['SameSite'] : []),
  ];
}

function findingOf(subject: string, cookie: Cookie, lacks: readonly string[], isSession: boolean): Found {
  const { name, sameSite } = cookie;
  const isGrave = isSession && lacks.some((lack) => lack !== 'SameSite');
  const severity: ScanSeverity = isGrave ? 'medium' : 'low';
  const attributes = [
    ...(cookie.httpOnly ? ['HttpOnly'] : []),
    ...(cookie.secure ? ['Secure'] : []),
    ...(sameSite === null ? [] : [`SameSite=${sameSite}`]),
  ];
  return found({
    ...{ code: 'cookie_open', subject, object: name, severity },
    message: `The cookie ${name} of ${subject} lacks ${lacks.join(', ')}.`,
    evidence: `Set-Cookie: ${[`${name}=…`, ...attributes].join('; ')}`,
    fix: `Set it with ${lacks.map((lack) => (lack === 'SameSite' ? 'SameSite=Lax' : lack)).join('; ')}.`,
  });
}
