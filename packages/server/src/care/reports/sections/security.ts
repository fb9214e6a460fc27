import type { SecurityDetection } from '@yumops/protocol';
import { plural } from '../format.ts';
import type { Observation } from '../observation.ts';
import { type Period, REPORT_KINDS, type Span } from '../period.ts';
import { pageOf, type SectionContent, type SectionSource } from '../section.ts';

/** How many attacks of one kind went on in a span. */
export interface KnownAttacks {
  code: SecurityDetection['code'];
  severity: SecurityDetection['severity'];
  attacks: number;
}

/** Open findings of the scan by severity, and when a scan last ended, ms since the epoch; null = none ever did. */
export interface KnownFindings {
  open: readonly { severity: string; findings: number }[];
  lastScanAt: number | null;
}

export interface SecuritySectionDeps {
  attacks(span: Span): Promise<readonly KnownAttacks[]>;
  findings(): Promise<KnownFindings>;
  /** Since when this installation knows anything, ms since the epoch. */
  knownSince(): Promise<number>;
}

/** Security: attacks of the period, and what the scan says is open. */
export function securitySection(deps: SecuritySectionDeps): SectionSource {
  return {
    key: 'security',
    title: 'Security',
    kinds: REPORT_KINDS,
    async read(period) {
      const since = await deps.knownSince();
      if (since >= period.to) return { unknown: 'Nothing watched in this time.' };
      const [now, before, findings] = [
        await deps.attacks(period),
        since < period.before.to ? await deps.attacks(period.before) : null,
        await deps.findings(),
      ];
      return contentOf(now, before, findings, period);
    },
  };
}

const attacksIn = (attacks: readonly KnownAttacks[]) => attacks.reduce((sum, one) => sum + one.attacks, 0);
const nameOf = (code: string) => code.replaceAll('_', ' ');
const page = pageOf('/security', {});
const findingsPage = pageOf('/security', { view: 'findings' });

function contentOf(
  now: readonly KnownAttacks[],
  before: readonly KnownAttacks[] | null,
  findings: KnownFindings,
  period: Period,
): SectionContent {
  const openOf = (severity: string) => findings.open.find((one) => one.severity === severity)?.findings ?? 0;
  const finding = (label: string, severity: string) => ({
    ...{ label, unit: 'count' as const, href: findingsPage },
    ...(findings.lastScanAt === null
      ? { value: null, note: 'No security scan has run yet.' }
      : { value: openOf(severity) }),
  });
  return {
    figures: [
      {
        ...{ label: 'Attacks', value: attacksIn(now), unit: 'count', before: before && attacksIn(before) },
        href: pageOf('/security', {}, period),
      },
      finding('Critical findings', 'critical'),
      finding('High findings', 'high'),
      finding('Not seen', 'unknown'),
    ],
    tables:
      now.length === 0
        ? []
        : [
            {
              title: 'Attacks',
              columns: [
                { label: 'Kind', unit: null },
                { label: 'Severity', unit: null },
                { label: 'Attacks', unit: 'count' },
              ],
              rows: now.map(({ code, severity, attacks }) => ({
                href: pageOf('/security', {}, period),
                cells: [nameOf(code), severity, attacks],
              })),
              more: 0,
            },
          ],
    observations: [...now.flatMap(ofAttacks), ...ofFindings(openOf('critical'), openOf('high'))],
  };
}

function ofAttacks({ code, severity, attacks }: KnownAttacks): Observation[] {
  if (severity !== 'critical' && severity !== 'high') return [];
  const isTakeover = code === 'account_takeover';
  return [
    {
      ...{ code: 'attack', subject: code, fresh: true, reach: null, href: page },
      title: isTakeover ? 'Find out whether accounts were taken over' : `See who is behind the ${nameOf(code)}`,
      reason: `${plural(attacks, 'attack')} of the kind ${nameOf(code)} went on in this time.`,
      evidence: [`${nameOf(code)}: ${attacks}`],
      size: isTakeover ? 1 : Math.min(1, attacks / 20),
    },
  ];
}

function ofFindings(critical: number, high: number): Observation[] {
  if (critical + high === 0) return [];
  return [
    {
      ...{ code: 'vulnerability', subject: 'security scan', fresh: false, reach: null, href: findingsPage },
      title: 'Mend what the security scan found',
      reason: `${critical} critical and ${high} high findings are open.`,
      evidence: [`critical: ${critical}`, `high: ${high}`],
      size: critical > 0 ? 1 : 0.5,
    },
  ];
}
