export type BackupStatus = 'good' | 'failed' | 'running' | 'damaged' | 'locked';

/** An item of `GET /api/v1/backups`: a backup, or a run that became none. Times in ISO 8601. */
export interface BackupItem {
  id: string;
  name: string;
  tier: 'logical' | 'physical';
  /** The backup that this one is an increment of. */
  parent: string | null;
  /** Schemas of the database that are in it, of a backup of some; null = all. */
  schemas: readonly string[] | null;
  /** Made once, by hand, of schemas that were chosen then: it stands in for no backup of the configuration. */
  oneOff: boolean;
  /** Of a full base backup that was put together in the store: of which increment, and since when; else null. */
  synthetic: { from: string; begun: string } | null;
  started: string;
  status: BackupStatus;
  verified: { level: number; at: string; ok: boolean } | null;
  /** That it added to the store. */
  bytes: number;
  /** Of its own objects, without pieces of files that backups share. */
  size: number;
  seconds: number | null;
  /** Why it is not good. */
  why: string | null;
  manifest: string | null;
  /** Why retention keeps it; empty = the next prune deletes it. */
  keptFor: string[];
  /** The destinations that hold it, the first before the second; none where it became no backup. */
  places: BackupPlace[];
}

/** A destination that holds a backup. */
export interface BackupPlace {
  /** `first`, or as the configuration calls the second. */
  name: string;
  /** The last verification there. */
  verified: { level: number; at: string; ok: boolean } | null;
}

/** The second destination of a backup and how its copies are. */
export interface BackupCopies {
  name: string;
  /** For people; null while it cannot be opened. */
  address: string | null;
  retention: { daily: number; weekly: number; monthly: number };
  recoverable: { earliest: string | null; latest: string | null };
  /** Good backups that it holds. */
  backups: number;
  /** Ids of backups that belong there and are not there, oldest first. */
  missing: string[];
  /** Since the oldest of those was complete; 0 = all are there, null = nobody can say. */
  lagSeconds: number | null;
  /** Why it cannot be read. */
  unreadable: string | null;
}

/** A backup of the configuration and how it is doing. */
export interface BackupPlan {
  name: string;
  database: string | null;
  /** Schemas of the database that the logical tier holds; null = all. */
  schemas: readonly string[] | null;
  files: number;
  tiers: ('logical' | 'physical')[];
  schedule: string;
  timeZone: string;
  nextRunAt: string | null;
  retention: { daily: number; weekly: number; monthly: number };
  targets: { recoveryTimeSeconds: number; recoveryPointSeconds: number };
  /** Null where nothing can be restored. */
  recoverable: { earliest: string | null; latest: string | null };
  problems: { code: string; message: string }[];
  /** Oldest first. */
  drills: {
    at: string;
    ok: boolean;
    backup: string;
    recoveryTimeSeconds: number;
    recoveryPointSeconds: number;
    phases: Record<string, number>;
    findings: { code: string; object: string; message: string }[];
  }[];
  /** Jobs by what they do. */
  jobs: { backup: string; check: string; test: string; drill: string };
  /** Null = there is no second destination. */
  copy: BackupCopies | null;
  /** Whether it is the backup of YumOps itself. */
  isSelf: boolean;
  /** Of YumOps itself: whether its telemetry is in it, and bytes of that on disk now (null = on a server of its own). */
  telemetry: { isIncluded: boolean; bytes: number | null } | null;
  /** Who confirmed to keep the recovery kit with the present key; null = nobody. */
  kit: { keyId: string; at: string; by: string } | null;
}

/** `GET /api/v1/backups` */
export interface BackupsPage {
  /** Newest first. */
  items: BackupItem[];
  nextCursor: string | null;
  plans: BackupPlan[];
}

/** `GET /api/v1/backups/:id` */
export interface BackupDetail extends BackupItem {
  finished: string | null;
  madeBy: string | null;
  client: string | null;
  source: { database: string; catalog: string | null; serverVersion: string; extensions: string[] } | null;
  objects: { part: string; path: string; bytes: number; sha256: string }[];
  warnings: string[];
  lockedUntil: string | null;
  keyId: string | null;
  /** Newest first. */
  verifications: {
    at: string;
    level: number;
    ok: boolean;
    findings: { code: string; object: string; message: string }[];
    /** Milliseconds. */
    phases: Record<string, number>;
    evidence: Record<string, unknown>;
  }[];
}
