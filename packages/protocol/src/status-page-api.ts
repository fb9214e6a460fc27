/** What visitors are told of a component. `unknown`: nothing is measured, which is not the same as operational. */
export type ComponentStatus =
  | 'operational'
  | 'degraded_performance'
  | 'partial_outage'
  | 'major_outage'
  | 'under_maintenance'
  | 'unknown';

export type PostKind = 'incident' | 'maintenance';
export type PostImpact = 'none' | 'minor' | 'major' | 'critical';
export type PostStatus =
  | 'investigating'
  | 'identified'
  | 'monitoring'
  | 'resolved'
  | 'scheduled'
  | 'in_progress'
  | 'verifying'
  | 'completed';

export interface PostUpdate {
  id: string;
  status: PostStatus;
  /** Plain text. */
  body: string;
  at: string;
}

/** An incident or planned work on the status page, as the editor sees it: an item of `GET /api/v1/status/posts`. */
export interface StatusPost {
  id: string;
  kind: PostKind;
  title: string;
  impact: PostImpact;
  status: PostStatus;
  /** What is said of components; the others are as the checks find them. */
  components: { id: string; status: ComponentStatus }[];
  /** Null = a draft, which nobody else sees. */
  publishedAt: string | null;
  publishedBy: string | null;
  createdBy: string;
  createdAt: string;
  startedAt: string;
  resolvedAt: string | null;
  scheduledStart: string | null;
  scheduledEnd: string | null;
  /** Id of the incident it was drafted from. */
  incident: string | null;
  /** Oldest first. */
  updates: PostUpdate[];
}

/** `GET /api/v1/status` */
export interface StatusPageSummary {
  title: string;
  url: string;
  indicator: 'none' | 'minor' | 'major' | 'critical' | 'maintenance' | 'unknown';
  /** The one sentence at the top of the page. */
  sentence: string;
  components: StatusComponent[];
  subscribers: { email: number; webhook: number; unconfirmed: number };
  messages: { waiting: number; failed: number };
  /** Where the static copy goes, and when it was written last; null = it is not set up. */
  snapshot: { address: string; writtenAt: string | null; error: string | null } | null;
}

export interface StatusComponent {
  id: string;
  name: string;
  group: string | null;
  description: string;
  status: ComponentStatus;
  /** The last 90 days, oldest first; `up` in percent, null = not measured. */
  bars: { day: string; up: number | null }[];
  /** Over those days; null without data. */
  uptime: number | null;
}

/** `POST /api/v1/status/posts` */
export interface PostDraft {
  kind: PostKind;
  title: string;
  impact?: PostImpact;
  body: string;
  components?: { id: string; status: ComponentStatus }[];
  scheduledStart?: string;
  scheduledEnd?: string;
  incident?: string;
  /** False = it stays a draft. */
  publish?: boolean;
}
