/** What the console and scripts get from `/api/v1/errors` and its companions. Times are ISO 8601. */

export type ErrorStatus = 'unresolved' | 'resolved' | 'ignored';

/** Why an unresolved issue is where it is. */
export type ErrorSubstatus = 'new' | 'ongoing' | 'regressed' | 'escalating';

/** Errors that are one. Counts are those of the range that was asked for. */
export interface ErrorIssue {
  id: string;
  project: string;
  type: string | null;
  message: string;
  culprit: string;
  level: string;
  platform: string;
  status: ErrorStatus;
  substatus: ErrorSubstatus | null;
  /** Events. */
  count: number;
  /** People affected, as far as they are told apart. */
  users: number;
  /** Whether one of the events was not handled by the application. */
  unhandled: boolean;
  firstSeen: string;
  lastSeen: string;
  firstRelease: string | null;
  lastRelease: string | null;
  assignee: string | null;
  /** By the ownership rules of the configuration. */
  owners: string[];
  /** Events in equal parts of the range, oldest first. */
  histogram: number[];
}

/** One way in which events came to an issue. */
export interface ErrorGroup {
  hash: string;
  count: number;
  firstSeen: string;
  lastSeen: string;
  by: 'fingerprint' | 'rule' | 'stack' | 'message';
  /** What was compared. */
  parts: string[];
  rootCause: string | null;
  /** Whether it was brought here by hand. */
  merged: boolean;
}

export interface ErrorShare {
  value: string;
  count: number;
}

export interface ErrorIssueDetail extends ErrorIssue {
  latestEventId: string | null;
  groups: ErrorGroup[];
  tags: { key: string; values: ErrorShare[] }[];
  releases: ErrorShare[];
  environments: ErrorShare[];
  resolution: { at: string; by: string; release: string | null; inNextRelease: boolean; commit: string | null } | null;
  ignore: { until: string | null; count: number | null; users: number | null; escalating: boolean } | null;
  activity: { at: string; actor: string; action: string; detail: Record<string, unknown> }[];
}

export interface ErrorFrame {
  filename?: string;
  function?: string;
  lineno?: number;
  colno?: number;
  in_app?: boolean;
  pre_context?: string[];
  context_line?: string;
  post_context?: string[];
  /** The frame as it was sent, where a source map was applied. */
  raw?: { filename?: string; function?: string; lineno?: number; colno?: number };
}

export interface ErrorException {
  type?: string;
  value?: string;
  mechanism?: { type?: string; handled?: boolean };
  stacktrace?: { frames: ErrorFrame[] };
}

export interface ErrorBreadcrumb {
  timestamp?: number | string;
  type?: string;
  category?: string;
  level?: string;
  message?: string;
  data?: Record<string, unknown>;
}

export interface ErrorAttachment {
  id: string;
  filename: string;
  contentType: string | null;
  bytes: number;
}

export interface ErrorEventDetail {
  id: string;
  issueId: string;
  timestamp: string;
  receivedAt: string;
  project: string;
  type: string | null;
  message: string;
  level: string;
  platform: string;
  release: string | null;
  environment: string | null;
  service: string | null;
  transaction: string | null;
  serverName: string | null;
  traceId: string | null;
  spanId: string | null;
  requestId: string | null;
  replayId: string | null;
  /** Frames of the error that was thrown, outermost first. */
  frames: ErrorFrame[];
  /** The whole chain, root cause first. */
  exception: { values: ErrorException[] };
  breadcrumbs: ErrorBreadcrumb[];
  tags: Record<string, string>;
  user: Record<string, unknown>;
  request: Record<string, unknown> | null;
  contexts: Record<string, unknown>;
  extra: Record<string, unknown>;
  attachments: ErrorAttachment[];
  feedback: { name: string | null; email: string | null; message: string; timestamp: string }[];
  owners: string[];
  /** The events of the issue before and after this one. */
  previous: string | null;
  next: string | null;
}

export interface ReleaseItem {
  project: string;
  version: string;
  createdAt: string;
  firstSeen: string | null;
  lastSeen: string | null;
  events: number;
  newIssues: number;
  /** Percent of sessions that did not crash; null without sessions. */
  crashFreeSessions: number | null;
  crashFreeUsers: number | null;
  sessions: number;
  deploys: { environment: string; at: string; name: string | null }[];
}

/** Something that was sent and is not in the store, or that could not be sent. */
export interface Loss {
  /** `client`: an SDK tells that it could not send. `server`: it came and was not taken. */
  by: 'client' | 'server';
  /** What it was: a category of Sentry's protocol, or the way by which records came (`ndjson`, `json`, `store`). */
  category: string;
  reason: string;
  quantity: number;
  lastAt: string;
}

/** A record that was refused, with its secrets taken out, cut to 4,096 characters. */
export interface RefusedRecord {
  at: string;
  source: string;
  /** Line in the body, from 1; null where it came in another form. */
  line: number | null;
  code: string;
  message: string;
  record: string;
}

/** `GET /api/v1/losses?from=&to=`. */
export interface Losses {
  items: Loss[];
  /** The newest 50. */
  refused: RefusedRecord[];
}
