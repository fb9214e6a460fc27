import type { NextStep, Severity } from './alerts-api.ts';

export type IncidentSeverity = 'critical' | 'major' | 'minor';
export type IncidentStatus =
  | 'triage'
  | 'investigating'
  | 'identified'
  | 'monitoring'
  | 'resolved'
  | 'closed'
  | 'cancelled';
export type IncidentRole = 'commander' | 'communications' | 'scribe';

/** An item of `GET /api/v1/incidents`. Times in ISO 8601. */
export interface Incident {
  id: string;
  /** What people call it: 1, 2, 3, … */
  number: number;
  title: string;
  summary: string;
  severity: IncidentSeverity;
  status: IncidentStatus;
  /** An exercise: it is marked everywhere and counts in no figure. */
  drill: boolean;
  /** Who or what declared it. */
  source: 'alert' | 'hand' | 'platform';
  declaredBy: string;
  labels: Record<string, string>;
  /** Id of the runbook that goes with it. */
  runbook: string | null;
  roles: Partial<Record<IncidentRole, string>>;
  /** When the fault began. */
  startedAt: string;
  detectedAt: string;
  declaredAt: string;
  acknowledgedAt: string | null;
  acknowledgedBy: string | null;
  mitigatedAt: string | null;
  resolvedAt: string | null;
  reopened: number;
  alertsFiring: number;
  /** Nobody took it, and the escalation of an alert of it has told everybody as often as it may. */
  unowned: boolean;
}

/** A line of the timeline. */
export interface IncidentEvent {
  id: number;
  at: string;
  kind: IncidentEventKind;
  actor: string | null;
  text: string;
  /** A page of the console about it. */
  link: string | null;
}

export type IncidentEventKind =
  | 'declared'
  | 'status'
  | 'severity'
  | 'role'
  | 'comment'
  | 'task'
  | 'runbook'
  | 'status page'
  | 'alert'
  | 'notification'
  | 'acknowledgement'
  | 'check'
  | 'deploy'
  | 'change'
  | 'finding'
  | 'error'
  | 'evidence';

export interface IncidentAlert {
  id: string;
  rule: string;
  severity: Severity;
  state: 'firing' | 'resolved';
  startedAt: string;
  resolvedAt: string | null;
  acknowledgedBy: string | null;
}

export interface IncidentTask {
  id: string;
  title: string;
  assignee: string | null;
  createdBy: string;
  createdAt: string;
  doneBy: string | null;
  doneAt: string | null;
}

/** What telemetry said, frozen. The rows come by `GET /api/v1/incidents/:id/evidence/:kind`. */
export interface IncidentEvidence {
  kind: string;
  title: string;
  query: string;
  from: string;
  to: string;
  takenAt: string;
  /** False while the span goes on: it is taken again. */
  complete: boolean;
  /** How many rows there were; `kept` of them are stored. */
  total: number;
  kept: number;
  /** Why it could not be taken, if so; it is tried again. */
  error: string | null;
}

export interface IncidentEvidenceRows extends IncidentEvidence {
  rows: Record<string, unknown>[];
}

/** Requests of one minute. */
export interface ImpactMinute {
  at: string;
  requests: number;
  /** Answered with 5xx. */
  failed: number;
  /** 95th percentile of the response times, ms; null without requests. */
  p95Ms: number | null;
}

/** Figures over the minutes of a stretch of time. */
export interface ImpactFigures {
  /** Minutes that were read. */
  minutes: number;
  requests: number;
  failed: number;
  requestsPerMinute: number | null;
  /** Percent of the requests that failed; null without any. */
  errorPercent: number | null;
  /** Median over the minutes, ms. */
  p95Ms: number | null;
}

/** `GET /api/v1/incidents/:id/impact`: traffic, failures and response times, frozen, with what happened beside them. */
export interface IncidentImpact {
  /** The service that is counted; null = all. */
  service: string | null;
  /** One stretch, or two where the incident is too long for one: around its beginning and around its end. */
  spans: {
    from: string;
    to: string;
    takenAt: string;
    complete: boolean;
    /** Every minute up to `takenAt`, also those without requests. */
    minutes: ImpactMinute[];
  }[];
  /** Why the last reading failed, if so. */
  error: string | null;
  /** In order of time; `until` null = it goes on, or is a moment. */
  marks: {
    kind: 'alert' | 'deploy' | 'began' | 'mitigated' | 'ended';
    at: string;
    until: string | null;
    text: string;
    link: string | null;
  }[];
  /** Before it began, while it did harm (until mitigated, else its end), and after it. */
  before: ImpactFigures;
  during: ImpactFigures;
  after: ImpactFigures;
  /** The minutes at which it was worst; null without failures, or without requests. */
  worst: { error: ImpactMinute | null; p95: ImpactMinute | null };
}

/** Milliseconds; null = not yet. */
export interface IncidentTimes {
  /** From the fault to its detection. */
  detect: number | null;
  /** From the detection until somebody took it. */
  acknowledge: number | null;
  /** From the fault until it did no more harm. */
  mitigate: number | null;
  /** From the fault to its end. */
  resolve: number | null;
}

/** `GET /api/v1/incidents/:id` */
export interface IncidentDetail extends Incident {
  statuses: { status: IncidentStatus; at: string; by: string; note: string }[];
  times: IncidentTimes;
  timeline: IncidentEvent[];
  alerts: IncidentAlert[];
  tasks: IncidentTask[];
  evidence: IncidentEvidence[];
  related: { id: string; number: number; title: string; status: IncidentStatus; declaredAt: string; why: string }[];
  /** Who is told next if nobody does anything. */
  next: (NextStep & { alert: string }) | null;
  postmortem: { by: string; at: string } | null;
}

/** `GET /api/v1/incidents/:id/postmortem` */
export interface Postmortem {
  /** Markdown: what was saved, else a draft from the timeline. */
  text: string;
  saved: boolean;
  by: string | null;
  at: string | null;
}

/** One figure over several incidents, ms; null without any. */
export interface TimeFigure {
  count: number;
  median: number | null;
  p90: number | null;
}

export type IncidentFigures = Record<keyof IncidentTimes, TimeFigure>;

/** `GET /api/v1/incidents/statistics`. Drills and cancelled incidents are left out. */
export interface IncidentStatistics {
  from: string;
  to: string;
  incidents: number;
  open: number;
  reopened: number;
  bySeverity: Record<IncidentSeverity, number>;
  figures: IncidentFigures;
  byRule: { rule: string; incidents: number; figures: IncidentFigures }[];
}

/** `POST /api/v1/incidents` */
export interface IncidentDeclaration {
  title: string;
  severity?: IncidentSeverity;
  summary?: string;
  /** Ids of alerts. */
  alerts?: string[];
  startedAt?: string;
  drill?: boolean;
  labels?: Record<string, string>;
  runbook?: string;
}
