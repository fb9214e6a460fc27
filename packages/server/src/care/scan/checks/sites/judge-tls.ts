import type { SiteSurvey } from '../../../../observe/uptime/index.ts';
import { found } from '../../check.ts';
import type { Found } from '../../finding.ts';

/** Fewer days left of a certificate than this is a finding. */
const SOON_DAYS = 21;
const VERY_SOON_DAYS = 7;

/** Old versions are refused by RFC 8996; static key exchange by RFC 9325, section 4.1. */
export function judgeTls({ site, tls }: SiteSurvey): Found[] {
  const subject = site.origin;
  if (tls === null) return [];
  const { certificate, distrust, oldProtocols, staticCipher, protocol, cipher } = tls;
  const seen = `${protocol}, ${cipher}`;
  const findings: Found[] = [];
  if (distrust !== null) {
    findings.push(
      found({
        ...{ code: 'certificate_distrusted', subject, severity: 'high', message: distrust, evidence: seen },
        fix: 'Install a certificate for this name with its intermediates, from an authority that browsers trust.',
      }),
    );
  } else if (certificate !== null && certificate.days < SOON_DAYS) {
    const end = new Date(certificate.validTo).toISOString().slice(0, 10);
    findings.push(
      found({
        ...{ code: 'certificate_ends', subject, severity: certificate.days < VERY_SOON_DAYS ? 'high' : 'medium' },
        message: `The certificate of ${subject} ends in ${certificate.days} days.`,
        evidence: `Valid until ${end}, from ${certificate.issuer}.`,
        fix: 'Renew it, and see why the renewal did not happen by itself.',
      }),
    );
  }
  if (oldProtocols.length > 0) {
    findings.push(
      found({
        ...{ code: 'tls_old', subject, severity: 'medium' },
        message: `${subject} still takes ${oldProtocols.join(' and ')}.`,
        evidence: `A handshake with ${oldProtocols.join(' and one with ')} succeeded; what both sides prefer is ${seen}.`,
        fix: 'Allow TLS 1.2 and 1.3 only.',
      }),
    );
  }
  if (staticCipher !== null) {
    findings.push(
      found({
        ...{ code: 'tls_no_forward_secrecy', subject, severity: 'low' },
        message: `${subject} takes ciphers without forward secrecy.`,
        evidence: `A handshake with ${staticCipher} succeeded.`,
        fix: 'Allow ciphers with ECDHE only: whoever gets the key some day could read what was recorded before.',
      }),
    );
  }
  return findings;
}

/** A site that strangers reach without TLS. `target` is where it was really asked. */
export function judgePlain({ site }: SiteSurvey, isLocal: (host: string) => boolean): Found[] {
  const url = new URL(site.origin);
  if (url.protocol !== 'http:' || isLocal(url.hostname)) return [];
  return [
    found({
      ...{ code: 'no_tls', subject: site.origin, severity: 'high' },
      message: `${site.origin} speaks no TLS: whoever is on the way reads and changes what visitors send.`,
      evidence: 'Its monitors ask for http://.',
      fix: 'Serve it under https:// and let http:// redirect there; then change the addresses of its monitors.',
    }),
  ];
}
