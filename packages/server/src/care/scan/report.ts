import type {
  SecurityFinding,
  SecurityFindingSeverity,
  SecurityScan,
  SecurityScanCheck,
  SecurityScanReport,
} from '@yumops/protocol';
import type { ScanKind } from './check.ts';
import { inOrder, SCAN_SEVERITIES, type StoredFinding, stateOf } from './finding.ts';
import type { Reconciled } from './reconcile.ts';

/** Findings of one list of a report. */
const LISTED = 200;

const iso = (at: number) => new Date(at).toISOString();

/** A finding as the API shows it. @param now ms since the epoch */
export function toItem(finding: StoredFinding, now: number): SecurityFinding {
  const { firstSeen, lastSeen, resolvedAt, accepted, ...rest } = finding;
  const state = stateOf(finding, now);
  return {
    ...rest,
    ...{ state, firstSeen: iso(firstSeen), lastSeen: iso(lastSeen) },
    resolvedAt: resolvedAt === null ? null : iso(resolvedAt),
    accepted:
      state === 'accepted' && accepted !== null
        ? { until: iso(accepted.until), reason: accepted.reason, by: accepted.by }
        : null,
  };
}

export interface ScanRun {
  id: string;
  kind: ScanKind;
  service: string;
  by: string;
  /** Ms since the epoch. */
  startedAt: number;
  endedAt: number;
  outcomes: readonly SecurityScanCheck[];
}

/** The report of a scan: what is new, graver, still there, accepted, and gone. */
export function makeReport(run: ScanRun, { findings, changes }: Reconciled): SecurityScanReport {
  const items = inOrder(findings).map((finding) => toItem(finding, run.endedAt));
  const change = (item: SecurityFinding) => changes.get(item.id);
  const open = items.filter(({ state }) => state === 'open');
  const lists = {
    freshFindings: open.filter((item) => change(item) === 'new' || change(item) === 'returned'),
    worseFindings: open.filter((item) => change(item) === 'worse'),
    remainingFindings: open.filter((item) => change(item) === undefined),
    goneFindings: items.filter((item) => change(item) === 'gone'),
    acceptedFindings: items.filter(({ state }) => state === 'accepted'),
  };
  const counts = countBySeverity(open);
  const { id, kind, service, by } = run;
  const scan: Omit<SecurityScan, 'summary'> = {
    ...{ id, kind, by, startedAt: iso(run.startedAt), endedAt: iso(run.endedAt), open: counts },
    fresh: lists.freshFindings.length,
    worse: lists.worseFindings.length,
    gone: lists.goneFindings.length,
    accepted: lists.acceptedFindings.length,
  };
  const shown = Object.entries(lists).map(([name, list]) => [name, list.slice(0, LISTED)]);
  return {
    ...scan,
    ...{ service, summary: summaryOf(scan), checks: [...run.outcomes] },
    ...(Object.fromEntries(shown) as typeof lists),
    leftOut: Object.values(lists).reduce((sum, list) => sum + Math.max(0, list.length - LISTED), 0),
  };
}

function countBySeverity(items: readonly SecurityFinding[]): Record<SecurityFindingSeverity, number> {
  const of = (wanted: SecurityFindingSeverity) => items.filter(({ severity }) => severity === wanted).length;
  return Object.fromEntries(SCAN_SEVERITIES.map((severity) => [severity, of(severity)])) as Record<
    SecurityFindingSeverity,
    number
  >;
}

function summaryOf({ open, fresh, worse, gone, accepted }: Omit<SecurityScan, 'summary'>): string {
  const grave = SCAN_SEVERITIES.filter((severity) => open[severity] > 0).map(
    (severity) => `${open[severity]} ${severity}`,
  );
  const rest = [`${fresh} new`, ...(worse > 0 ? [`${worse} worse`] : []), `${gone} gone`, `${accepted} accepted`];
  return `${grave.length === 0 ? 'no open finding' : `open: ${grave.join(', ')}`}; ${rest.join(', ')}`;
}
