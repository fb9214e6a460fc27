import type { SecurityEvidence } from '@yumops/protocol';
/** What attacks are told apart. */
export const DETECTION_CODES = [
  'brute_force',
  'password_spraying',
  'credential_stuffing',
  'account_takeover',
  'user_enumeration',
  'path_scanning',
  'impossible_travel',
  'failure_ratio',
  'new_device',
] as const;
export type DetectionCode = (typeof DETECTION_CODES)[number];

export type DetectionSeverity = 'critical' | 'high' | 'medium' | 'low';

/** How bad each is: a takeover has happened, the others are tried. */
export const SEVERITY_OF: Readonly<Record<DetectionCode, DetectionSeverity>> = {
  account_takeover: 'critical',
  credential_stuffing: 'high',
  password_spraying: 'high',
  brute_force: 'high',
  impossible_travel: 'high',
  user_enumeration: 'medium',
  path_scanning: 'medium',
  failure_ratio: 'medium',
  new_device: 'low',
};

/** Whom a detection is about; what it is not about is null. */
export interface DetectionKeys {
  ip: string | null;
  network: string | null;
  account: string | null;
}

/** What follows from a detection: an address or a pair is shut out, an account or everybody is asked for more. */
export type Restriction =
  | { action: 'block'; kind: 'ip' | 'network' | 'pair'; value: string }
  | { action: 'challenge'; kind: 'ip' | 'network' | 'account' | 'everyone'; value: string };

/** What was seen. */
export type Evidence = SecurityEvidence;

/** One event that is part of an attack. */
export interface Hit {
  code: DetectionCode;
  project: string;
  keys: DetectionKeys;
  at: number;
  /** How many events made the attack, when it is new. */
  count: number;
  evidence: Evidence;
  restriction: Restriction | null;
}

export const NO_KEYS: DetectionKeys = { ip: null, network: null, account: null };

/** The same for the same attack. */
export function identityOf({ project, code, keys }: Pick<Hit, 'project' | 'code' | 'keys'>): string {
  return [project, code, keys.ip ?? '', keys.network ?? '', keys.account ?? ''].join('|');
}
