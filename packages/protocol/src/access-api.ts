/** What a person or a token may do; each role includes those before it. */
export type AccessRole = 'viewer' | 'responder' | 'admin';

/** A role for the whole installation; `none` = in projects only. */
export type InstallationRole = AccessRole | 'none';

/** Roles in single projects beyond that for the installation, by project (digits). */
export type ProjectRoles = Readonly<Record<string, AccessRole>>;

/** A project that the caller reaches. */
export interface ProjectItem {
  /** Digits. */
  id: string;
  /** What the caller may do in it. */
  role: AccessRole;
}

/** An account of the console. Times in ISO 8601. */
export interface PersonItem {
  id: string;
  email: string;
  name: string;
  role: InstallationRole;
  projects: ProjectRoles;
  createdAt: string;
  /** Sessions that are open now. */
  sessions: number;
  /** When one of the open sessions was last extended; null without one. */
  lastSeenAt: string | null;
  /** Whether a code of an app is asked for after the password. */
  secondFactor: boolean;
  /** How many passkeys the person has. */
  passkeys: number;
}

/** A browser in which somebody is signed in. */
export interface SessionItem {
  id: string;
  email: string;
  createdAt: string;
  expiresAt: string;
  lastSeenAt: string;
  ip: string | null;
  userAgent: string | null;
}

/** A token without its secret. Times in ISO 8601. */
export interface TokenItem {
  id: string;
  name: string;
  role: InstallationRole;
  projects: ProjectRoles;
  resources: string[] | null;
  createdAt: string;
  createdBy: string | null;
  expiresAt: string | null;
  /** To the minute; null = never used. */
  lastUsedAt: string | null;
  revokedAt: string | null;
}

export interface AuditItem {
  id: string;
  /** ISO 8601. */
  at: string;
  actor: string;
  action: string;
  target: string;
  detail: Record<string, unknown>;
}

/** The newest link of the audit log's chain. */
export interface AuditHead {
  position: number;
  /** Hex. */
  hash: string;
}

/** What is wrong with the audit log. */
export interface AuditFault {
  code: 'changed' | 'removed' | 'not_linked' | 'links_removed' | 'cut_off' | 'rewritten';
  /** One sentence that names the entry. */
  message: string;
}

export interface AuditVerdict {
  entries: number;
  head: AuditHead | null;
  /** At most twenty. */
  faults: AuditFault[];
}

/** Sealed things of one kind, by the key that they stand under. */
export interface SealedCount {
  /** In the plural, such as `monitors`. */
  name: string;
  current: number;
  previous: number;
  /** No key that is given opens them, or they were changed. */
  unreadable: number;
}

export interface SecretsReport {
  /** Number of the current key, in hex. */
  key: string;
  previousKeys: number;
  parts: SealedCount[];
}

/** What one run brought under the current key. */
export interface SecretRotation {
  parts: { name: string; rotated: number; unreadable: number }[];
}

/** A key of senders, without its secret. */
export interface IngestKeyItem {
  id: string;
  /** What it is for; null where nobody said so. */
  name: string | null;
  scope: 'public' | 'server' | 'all';
  /** Digits; null = any. */
  project: string | null;
  /** Web pages that may use a public key; empty = all. */
  origins: string[];
  createdAt: string;
  createdBy: string | null;
  /** To the minute; null = never used. */
  lastUsedAt: string | null;
  revokedAt: string | null;
}
