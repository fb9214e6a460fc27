/** An item of `GET /api/v1/security/detections`: an attack, or something that looks like one. */
export interface SecurityDetection {
  id: string;
  code:
    | 'brute_force'
    | 'password_spraying'
    | 'credential_stuffing'
    | 'account_takeover'
    | 'user_enumeration'
    | 'path_scanning'
    | 'impossible_travel'
    | 'failure_ratio'
    | 'new_device';
  severity: 'critical' | 'high' | 'medium' | 'low';
  project: string;
  /** Whom it is about; accounts are hashed. */
  keys: { ip: string | null; network: string | null; account: string | null };
  /** Events that belong to it. */
  count: number;
  firstAt: string;
  lastAt: string;
  evidence: SecurityEvidence;
}

/** What was seen; figures count what lay in the window when the last event came. */
export interface SecurityEvidence {
  /** A sentence. */
  summary: string;
  failures?: number;
  threshold?: number;
  windowSeconds?: number;
  accounts?: number;
  addresses?: number;
  succeeded?: number;
  sampleAccounts?: readonly string[];
  sampleAddresses?: readonly string[];
  paths?: readonly string[];
  ratio?: number;
  usualRatio?: number;
  from?: string;
  to?: string;
  kilometres?: number;
  hours?: number;
}

/** An item of `GET /api/v1/security/blocks`: who is shut out, why, and until when. */
export interface SecurityBlock {
  id: string;
  kind: 'ip' | 'network' | 'pair';
  /** An address, a network, or `address|hashed account`. */
  value: string;
  project: string;
  until: string;
  why: string;
  detectionId: string | null;
  /** `detection`, or who set it. */
  author: string;
  createdAt: string;
}

/** An item of `GET /api/v1/security/challenges`: who has to prove more before a sign-in. */
export interface SecurityChallenge extends Omit<SecurityBlock, 'kind'> {
  kind: 'ip' | 'network' | 'account' | 'everyone';
}

/** An item of `GET /api/v1/security/events`. */
export interface SecurityEventItem {
  id: string;
  timestamp: string;
  event: string;
  owasp: string | null;
  severity: string | null;
  ip: string | null;
  /** Hashed. */
  account: string | null;
  userId: string | null;
  reason: string | null;
  country: string | null;
  service: string | null;
  method: string | null;
  endpoint: string | null;
  requestId: string | null;
}

/** An item of `GET /api/v1/security/sources`: a network and what came from it. */
export interface SecuritySource {
  /** /24 of IPv4, /64 of IPv6. */
  network: string;
  country: string | null;
  events: number;
  failures: number;
  successes: number;
  addresses: number;
  accounts: number;
  firstAt: string;
  lastAt: string;
  /** Failures by time, equally long parts of the range. */
  trend: number[];
}

/** `GET /api/v1/security/summary`. */
export interface SecuritySummary {
  /** Attacks whose last event is younger than 15 minutes, by severity. */
  attacks: { critical: number; high: number; medium: number; low: number };
  blocks: number;
  challenges: number;
  /** Failed and successful sign-ins of the range by time. */
  series: { at: string; failures: number; successes: number; other: number }[];
  /** What the detectors cannot see. */
  notes: { code: string; message: string }[];
}

/** What applications read of restrictions in force, at `GET /ingest/security/restrictions`. */
export interface SecurityRestrictions {
  version: string;
  items: { action: 'block' | 'challenge'; kind: string; value: string; until: string; why: string }[];
  /** Addresses and networks that are never shut out. */
  allow: string[];
}
