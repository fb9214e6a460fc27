import type { MonitorConfig } from '../config.ts';

/** What monitors watch at one origin. */
export interface SurveyedSite {
  /** As configured: `https://yumzoom.app`, or `tls://host:port`. */
  origin: string;
  /** Where it is really asked. */
  target: string;
  /** Addresses that are asked for, the shortest path first; empty where it speaks no HTTP. */
  urls: readonly string[];
  /** Null where no TLS is spoken. */
  tls: { host: string; port: number } | null;
  allowPrivate: MonitorConfig['allowPrivate'];
  /** Certificates in PEM that are trusted beside the system's. */
  ca: readonly string[];
}

/** Addresses of one site that are asked for. */
const URLS = 3;

/** The sites behind the monitors that ask by http or https, or look at a certificate; paused and broken ones aside. */
export function sitesOf(monitors: readonly MonitorConfig[]): SurveyedSite[] {
  const sites = new Map<string, SurveyedSite>();
  for (const monitor of monitors) {
    if (monitor.paused || monitor.broken !== null) continue;
    const site = siteOf(monitor);
    if (site === null) continue;
    const known = sites.get(site.origin);
    sites.set(site.origin, known === undefined ? site : joined(known, site));
  }
  return [...sites.values()];
}

function siteOf(monitor: MonitorConfig): SurveyedSite | null {
  const { allowPrivate } = monitor;
  if (monitor.kind === 'tls') {
    const { host, port } = monitor;
    const origin = port === 443 ? `https://${host}` : `tls://${host}:${port}`;
    return { origin, target: origin, urls: [], tls: { host, port }, allowPrivate, ca: monitor.ca };
  }
  if (monitor.kind !== 'http' && monitor.kind !== 'health') return null;
  if (!URL.canParse(monitor.url) || !URL.canParse(monitor.target)) return null;
  const target = new URL(monitor.target);
  // A request that is no plain GET could change something.
  const isGet = monitor.kind === 'health' || monitor.method === 'GET' || monitor.method === 'HEAD';
  const isSecure = target.protocol === 'https:';
  const host = target.hostname.replace(/^\[|\]$/g, '');
  return {
    origin: new URL(monitor.url).origin,
    target: target.origin,
    urls: isGet ? [`${target.origin}${target.pathname}${target.search}`] : [],
    tls: isSecure ? { host, port: Number(target.port || 443) } : null,
    allowPrivate,
    ca: monitor.kind === 'http' ? monitor.tls.ca : [],
  };
}

function joined(known: SurveyedSite, more: SurveyedSite): SurveyedSite {
  const urls = [...new Set([...known.urls, ...more.urls])].toSorted((a, b) => a.length - b.length);
  return {
    ...known,
    urls: urls.slice(0, URLS),
    tls: known.tls ?? more.tls,
    // The strictest of its monitors holds.
    allowPrivate: known.allowPrivate === more.allowPrivate ? known.allowPrivate : false,
    ca: [...new Set([...known.ca, ...more.ca])],
  };
}
