import { isObject, type Json, objectOf, textOf } from '../record/json-value.ts';

/**
 * Turns what browsers report by themselves (CSP, Expect-CT, Expect-Staple, NEL and the Reporting API) into events.
 * @returns one event a report; empty when the body is none that is known
 */
export function readSecurityReports(body: unknown): Json[] {
  const reports: unknown[] = Array.isArray(body) ? body : [body];
  return reports
    .filter(isObject)
    .slice(0, 100)
    .flatMap((report): Json[] => {
      const event = readReport(report);
      return event ? [event] : [];
    });
}

function readReport(report: Json): Json | undefined {
  const type = textOf(report['type'], 64);
  if (isObject(report['csp-report'])) return cspEvent(report['csp-report'], report);
  if (type === 'csp-violation') return cspEvent(objectOf(report['body']), report);
  if (type === 'network-error') return networkErrorEvent(objectOf(report['body']), report);
  for (const [key, name] of [
    ['expect-ct-report', 'expectct'],
    ['expect-staple-report', 'expectstaple'],
  ] as const) {
    if (isObject(report[key])) return certificateEvent(report[key], name);
  }
  return undefined;
}

function first(report: Json, ...names: string[]): string {
  for (const name of names) {
    const text = textOf(report[name], 2_000);
    if (text !== null) return text;
  }
  return '';
}

function cspEvent(csp: Json, report: Json): Json {
  const directive =
    first(csp, 'effective-directive', 'effectiveDirective', 'violated-directive', 'violatedDirective').split(' ')[0] ??
    '';
  const blocked = originOf(first(csp, 'blocked-uri', 'blockedURL'));
  const page = first(csp, 'document-uri', 'documentURL') || first(report, 'url');
  return securityEvent({
    type: 'csp',
    message: `Blocked ${directive === '' ? 'a resource' : `"${directive}"`} from ${blocked}`,
    fingerprint: ['csp', directive, blocked],
    page,
    tags: { 'effective-directive': directive, 'blocked-uri': blocked, disposition: first(csp, 'disposition') },
    details: csp,
  });
}

function networkErrorEvent(body: Json, report: Json): Json {
  const kind = first(body, 'type') || 'unknown';
  return securityEvent({
    type: 'nel',
    message: `Network error ${kind} at phase ${first(body, 'phase') || 'unknown'}`,
    fingerprint: ['nel', kind, originOf(first(report, 'url'))],
    page: first(report, 'url'),
    tags: { kind, phase: first(body, 'phase') },
    details: body,
  });
}

function certificateEvent(body: Json, type: string): Json {
  const host = first(body, 'hostname');
  return securityEvent({
    type,
    message: `${type === 'expectct' ? 'Expect-CT' : 'Expect-Staple'} failed for ${host}`,
    fingerprint: [type, host],
    page: '',
    tags: { hostname: host },
    details: body,
  });
}

function securityEvent(parts: {
  type: string;
  message: string;
  fingerprint: string[];
  page: string;
  tags: Record<string, string>;
  details: Json;
}): Json {
  return {
    type: parts.type,
    level: 'warning',
    platform: 'other',
    logentry: { message: parts.message },
    fingerprint: parts.fingerprint,
    tags: parts.tags,
    ...(parts.page === '' ? {} : { request: { url: parts.page } }),
    contexts: { security: parts.details },
  };
}

/** `inline`, `eval` and the like stay; of an address its origin is kept. */
function originOf(address: string): string {
  return URL.canParse(address) && /^https?:|^wss?:/.test(address) ? new URL(address).origin : address || 'inline';
}
