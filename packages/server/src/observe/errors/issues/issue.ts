import type { ErrorStatus, ErrorSubstatus } from '@yumops/protocol';

/** What is kept of an issue beside its events. Times in milliseconds since the epoch. */
export interface Issue {
  id: string;
  project: string;
  status: ErrorStatus;
  substatus: ErrorSubstatus | null;
  firstSeen: number;
  lastSeen: number;
  firstRelease: string | null;
  lastRelease: string | null;
  assignee: string | null;
  changedAt: number;
  resolution: Resolution | null;
  ignore: Ignore | null;
}

export interface Resolution {
  at: number;
  by: string;
  /** Release from which on an event is a regression; null = any event after `at` is. */
  release: string | null;
  /** The first release in which it is gone is the one after `release`. */
  inNextRelease: boolean;
  /** Resolved by this commit: an event of the first release that has it, or of a later one, is a regression. */
  commit: string | null;
}

/** Until what an issue stays ignored; with nothing set, for good. */
export interface Ignore {
  at: number;
  until: number | null;
  /** Events since `at`. */
  count: number | null;
  /** People since `at`. */
  users: number | null;
  /** Until it comes much more often than before. */
  escalating: boolean;
}

/** Events of one issue and release that were stored since the last look. */
export interface Sighting {
  issueId: string;
  project: string;
  release: string | null;
  firstSeen: number;
  lastSeen: number;
}
