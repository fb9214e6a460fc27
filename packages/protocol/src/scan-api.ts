/** `unknown`: it could not be seen whether something is wrong. */
export type SecurityFindingSeverity = 'critical' | 'high' | 'medium' | 'low' | 'unknown';

/** An item of `GET /api/v1/security/findings`: something that a scan says is wrong. Times in ISO 8601. */
export interface SecurityFinding {
  id: string;
  /** Name of the check that found it. */
  check: string;
  code: string;
  /** What was looked at: an origin, a database, a lockfile. */
  subject: string;
  /** The thing within the subject; empty = the subject itself. */
  object: string;
  severity: SecurityFindingSeverity;
  message: string;
  /** What was seen, never a secret. */
  evidence: string;
  fix: string;
  owner: string | null;
  state: 'open' | 'accepted' | 'resolved';
  firstSeen: string;
  lastSeen: string;
  resolvedAt: string | null;
  accepted: { until: string; reason: string; by: string } | null;
}

/** How a check of a scan ended. */
export interface SecurityScanCheck {
  name: string;
  title: string;
  /** `unknown`: it could not look, or not at everything. */
  status: 'clean' | 'findings' | 'unknown' | 'off';
  /** What was looked at and from where; of a check that is off or failed, why. */
  looked: string;
  findings: number;
  durationMs: number;
}

/** An item of `GET /api/v1/security/scans`. */
export interface SecurityScan {
  id: string;
  kind: 'weekly' | 'monthly';
  startedAt: string;
  endedAt: string;
  by: string;
  /** One sentence. */
  summary: string;
  /** Open findings by severity when it ended. */
  open: Record<SecurityFindingSeverity, number>;
  /** Findings that are new or came back, became graver, went, and that somebody lives with. */
  fresh: number;
  worse: number;
  gone: number;
  accepted: number;
}

/** `GET /api/v1/security/scans/:id`: the report of a scan, as things were when it ended. */
export interface SecurityScanReport extends SecurityScan {
  service: string;
  checks: SecurityScanCheck[];
  /** New, or come back. */
  freshFindings: SecurityFinding[];
  worseFindings: SecurityFinding[];
  /** Open before and still. */
  remainingFindings: SecurityFinding[];
  goneFindings: SecurityFinding[];
  acceptedFindings: SecurityFinding[];
  /** Findings of long lists that the report leaves out. */
  leftOut: number;
}
