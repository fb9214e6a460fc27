import type { SecurityFinding, SecurityScan, SecurityScanCheck } from '@yumops/protocol';
import type { StateProps } from '../../components/state.tsx';
import { plural } from '../../format/number.ts';

const SEVERITIES: Record<SecurityFinding['severity'], StateProps> = {
  critical: { tone: 'bad', word: 'Critical' },
  high: { tone: 'bad', word: 'High' },
  medium: { tone: 'warn', word: 'Medium' },
  low: { tone: 'info', word: 'Low' },
  unknown: { tone: 'unknown', word: 'Unknown' },
};

export const findingLook = ({ severity }: Pick<SecurityFinding, 'severity'>): StateProps => SEVERITIES[severity];

const CHECKS: Record<SecurityScanCheck['status'], StateProps> = {
  clean: { tone: 'ok', word: 'Clean' },
  findings: { tone: 'warn', word: 'Findings' },
  unknown: { tone: 'unknown', word: 'Not fully seen' },
  off: { tone: 'none', word: 'Off' },
};

export const checkLook = ({ status }: Pick<SecurityScanCheck, 'status'>): StateProps => CHECKS[status];

export const KINDS: Record<SecurityScan['kind'], string> = { weekly: 'Security scan', monthly: 'Security audit' };

const ORDER = ['critical', 'high', 'medium', 'low', 'unknown'] as const;

/** How a number of open findings looks, the gravest first. */
export function openLook(open: SecurityScan['open']): StateProps {
  const counts = ORDER.filter((severity) => open[severity] > 0).map((severity) => `${open[severity]} ${severity}`);
  if (counts.length === 0) return { tone: 'ok', word: 'Nothing is open' };
  const gravest = ORDER.find((severity) => open[severity] > 0) ?? 'unknown';
  return { tone: SEVERITIES[gravest].tone, word: counts.join(', ') };
}

/** Counts findings by severity. */
export function countOpen(items: readonly SecurityFinding[]): SecurityScan['open'] {
  const of = (wanted: SecurityFinding['severity']) => items.filter(({ severity }) => severity === wanted).length;
  return { critical: of('critical'), high: of('high'), medium: of('medium'), low: of('low'), unknown: of('unknown') };
}

/** What a scan changed, in a few words. */
export function changeText({ fresh, worse, gone, accepted }: SecurityScan): string {
  const parts = [
    `${fresh} new`,
    ...(worse > 0 ? [`${worse} graver`] : []),
    `${gone} gone`,
    ...(accepted > 0 ? [`${plural(accepted, 'finding')} accepted`] : []),
  ];
  return parts.join(' · ');
}
