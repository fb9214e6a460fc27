import type { Socket } from 'node:net';
import { messageOf, YumOpsError } from '../../../lib/errors.ts';
import type { Attempt } from '../attempt.ts';
import type { CertificateFacts, CheckContext } from '../check.ts';
import type { MonitorConfig } from '../config.ts';
import type { HttpAnswer } from '../kinds/http/exchange.ts';
import { exchangeFollowing } from '../kinds/http/redirect.ts';
import { openSocket } from '../net/connect.ts';
import { findAddresses } from '../net/dial.ts';
import { PhaseTimer } from '../net/phase-timer.ts';
import { openTls, type TlsOptions } from '../net/tls.ts';
import { type SurveyedSite, sitesOf } from './sites.ts';

/** For one site with all its handshakes, ms. */
const TIMEOUT_MS = 20_000;

/** How a server speaks TLS. */
export interface TlsFacts {
  /** What both sides agreed on: `TLSv1.3`. */
  protocol: string;
  cipher: string;
  certificate: CertificateFacts | null;
  /** A sentence that says why the certificate is not trusted; null when it is. */
  distrust: string | null;
  /** Protocols that it should have given up and still takes: `TLSv1`, `TLSv1.1`. */
  oldProtocols: readonly string[];
  /** A cipher without forward secrecy that it takes; null = none. */
  staticCipher: string | null;
}

/** What a visitor without a login is answered. */
export interface SiteAnswer {
  /** After redirects. */
  url: string;
  status: number;
  headers: Readonly<Record<string, string>>;
  /** Each `Set-Cookie` as it came. */
  cookies: readonly string[];
}

export interface SiteSurvey {
  site: SurveyedSite;
  /** Null where it is not TLS, or no session came about. */
  tls: TlsFacts | null;
  /** Empty where nothing may be sent: the certificate is not trusted, or it speaks no HTTP. */
  answers: readonly SiteAnswer[];
  /** Why something of it was not seen; null = all was. */
  problem: string | null;
}

const HEADERS = {
  'user-agent': 'YumOps-Scan/1',
  accept: 'text/html,*/*;q=0.8',
  'accept-encoding': 'gzip, deflate, br',
};

/** Sites that are looked at side by side. */
const AT_ONCE = 4;

/** Looks at the sites behind monitors. */
export async function surveySites(monitors: readonly MonitorConfig[], context: CheckContext): Promise<SiteSurvey[]> {
  const left = [...sitesOf(monitors).entries()];
  const surveys: SiteSurvey[] = [];
  const work = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      surveys[next[0]] = await surveySite(next[1], context);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return surveys;
}

/**
 * Looks at a site as a visitor without a login: its TLS, and the headers of its answers. Only addresses that its monitors
 * may reach are called. Never throws for what the site does.
 */
async function surveySite(site: SurveyedSite, context: CheckContext): Promise<SiteSurvey> {
  const deadline = new AbortController();
  const alarm = context.clock.after(TIMEOUT_MS, () =>
    deadline.abort(new YumOpsError('timeout', `${site.origin} did not answer within 20 s.`)),
  );
  const signal = AbortSignal.any([context.signal, deadline.signal]);
  let tls: TlsFacts | null = null;
  try {
    if (site.tls !== null) tls = await readTls(site, site.tls, context, signal);
    const answers: SiteAnswer[] = [];
    if (tls === null || tls.distrust === null) {
      for (const url of site.urls) answers.push(await ask(url, site, context, signal));
    }
    return { site, tls, answers, problem: null };
  } catch (error) {
    context.signal.throwIfAborted();
    return { site, tls, answers: [], problem: messageOf(error) };
  } finally {
    alarm.cancel();
  }
}

function attemptOf(site: SurveyedSite, context: CheckContext, signal: AbortSignal): Attempt {
  return {
    context: { ...context, ca: [...context.ca, ...site.ca] },
    timer: new PhaseTimer(context.clock),
    signal,
    allowPrivate: site.allowPrivate,
    certificate: null,
  };
}

async function ask(url: string, site: SurveyedSite, context: CheckContext, signal: AbortSignal): Promise<SiteAnswer> {
  const request = { url: new URL(url), method: 'GET', headers: HEADERS, ownHeaders: {}, body: null, tls: null };
  const answer: HttpAnswer = await exchangeFollowing(request, attemptOf(site, context, signal));
  return { url: answer.url.href, status: answer.status, headers: answer.headers, cookies: answer.cookies };
}

async function readTls(
  site: SurveyedSite,
  { host, port }: { host: string; port: number },
  context: CheckContext,
  signal: AbortSignal,
): Promise<TlsFacts> {
  const attempt = attemptOf(site, context, signal);
  const addresses = await findAddresses(host, attempt);
  const handshake = async <T>(
    offer: TlsOptions['offer'],
    read: (session: Awaited<ReturnType<typeof openTls>>) => T,
  ) => {
    const raw: Socket = await openSocket(addresses, port, signal);
    try {
      const session = await openTls(raw, host, {
        ...{ ca: attempt.context.ca, now: context.clock.now(), signal },
        ...(offer !== undefined && { offer }),
      });
      return read(session);
    } finally {
      raw.destroy();
    }
  };
  const facts = await handshake(undefined, ({ socket, certificate, distrust }) => ({
    ...{ certificate, distrust, protocol: socket.getProtocol() ?? 'unknown', cipher: socket.getCipher().name },
  }));
  const oldProtocols: string[] = [];
  for (const version of ['TLSv1', 'TLSv1.1'] as const) {
    // Level 0 lets this side offer what it would refuse by itself.
    const offer = { minVersion: version, maxVersion: version, ciphers: 'DEFAULT:@SECLEVEL=0' };
    if (
      await succeeds(
        handshake(offer, ({ socket }) => socket.getProtocol()),
        signal,
      )
    )
      oldProtocols.push(version);
  }
  const offer = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2', ciphers: 'kRSA:@SECLEVEL=0' } as const;
  const staticCipher = await succeeds(
    handshake(offer, ({ socket }) => socket.getCipher().name),
    signal,
  );
  return { ...facts, oldProtocols, staticCipher };
}

/** A handshake that is refused is what is hoped for. */
async function succeeds(handshake: Promise<string | null>, signal: AbortSignal): Promise<string | null> {
  try {
    return await handshake;
  } catch {
    signal.throwIfAborted();
    return null;
  }
}
