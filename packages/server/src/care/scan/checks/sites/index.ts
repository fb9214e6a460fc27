import type { SiteSurvey } from '../../../../observe/uptime/index.ts';
import { classifyAddress } from '../../../../observe/uptime/index.ts';
import { type ScanCheck, unseen } from '../../check.ts';
import type { Found } from '../../finding.ts';
import { judgeCookies } from './judge-cookies.ts';
import { judgeHeaders } from './judge-headers.ts';
import { judgePlain, judgeTls } from './judge-tls.ts';

/** TLS, headers and cookies of the sites behind the monitors, as a visitor without a login sees them. */
export function sitesCheck(survey: (signal: AbortSignal) => Promise<readonly SiteSurvey[]>): ScanCheck {
  return {
    name: 'sites',
    title: 'Monitored sites',
    kinds: ['weekly', 'monthly'],
    async run({ signal }) {
      const surveys = await survey(signal);
      if (surveys.length === 0) {
        return { findings: [], looked: 'No monitor asks by http or https, or looks at a certificate.', off: true };
      }
      return { findings: surveys.flatMap(judgeSite), looked: `${describe(surveys)}.` };
    },
  };
}

/** What is wrong with one site. */
export function judgeSite(survey: SiteSurvey): Found[] {
  const { site, answers, problem } = survey;
  const subject = site.origin;
  // What is only said over https cannot be asked for where the site was asked without.
  const secure = site.target.startsWith('https:');
  const findings = [...judgeTls(survey), ...judgePlain(survey, isLocal)];
  if (problem !== null) {
    const hint = 'See whether its monitors are up; then run the scan again.';
    findings.push(unseen(subject, `${subject} could not be looked at: ${problem}`, hint, askedAt(survey)));
  }
  if (survey.tls !== null && survey.tls.distrust !== null) {
    const message = `Headers and cookies of ${subject} were not looked at: nothing is sent to a site that is not trusted.`;
    findings.push(unseen(subject, message, 'Mend its certificate; then run the scan again.'));
  }
  const ofAnswers = answers.flatMap((answer) => [
    ...judgeHeaders(subject, answer, secure),
    ...judgeCookies(subject, answer.cookies, secure),
  ]);
  return [...findings, ...ofAnswers];
}

function isLocal(host: string): boolean {
  const plain = host.replace(/^\[|\]$/g, '');
  if (plain === 'localhost' || plain.endsWith('.localhost') || plain.endsWith('.internal')) return true;
  return /^[\d.]+$|:/.test(plain) && classifyAddress(plain) !== 'public';
}

function askedAt({ site }: SiteSurvey): string {
  return site.target === site.origin ? '' : `Asked at ${site.target}, as targets: says.`;
}

function describe(surveys: readonly SiteSurvey[]): string {
  const moved = surveys.filter(({ site }) => site.target !== site.origin);
  const names = surveys.map(({ site }) => site.origin).join(', ');
  const aside = moved
    .map(
      ({ site }) => `${site.origin} was asked at ${site.target}${isTlsUnseen(site) ? ', where it speaks no TLS' : ''}`,
    )
    .join('; ');
  return aside === '' ? names : `${names}; ${aside}`;
}

function isTlsUnseen(site: SiteSurvey['site']): boolean {
  return site.origin.startsWith('https:') && site.tls === null;
}
