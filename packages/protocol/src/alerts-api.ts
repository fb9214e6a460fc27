export type AlertState = 'inactive' | 'pending' | 'firing' | 'resolved' | 'insufficient' | 'nodata' | 'error';
export type Severity = 'critical' | 'warning' | 'info';

/** An item of `GET /api/v1/alerts?state=firing|pending|resolved`. */
export interface Alert {
  id: string;
  rule: string;
  severity: Severity;
  state: AlertState;
  labels: Record<string, string>;
  /** One English sentence: what is wrong, with the value against the threshold. */
  summary: string;
  /** The rule as one English sentence. */
  sentence: string;
  value: number | null;
  threshold: number | null;
  unit: string | null;
  startedAt: string;
  resolvedAt: string | null;
  acknowledgedBy: string | null;
  acknowledgedAt: string | null;
  /** Why nobody was told, if so. */
  mutedBy: string | null;
  /** Since when it fires and ends so often that only digests tell of it; null = it does not. */
  flappingSince: string | null;
  runbook: string | null;
}

/** `GET /api/v1/alerts/:id` */
export interface AlertDetail extends Alert {
  /** The query that is equivalent to the rule, for people. */
  query: string;
  timeline: AlertTimelineEntry[];
  notifications: NotificationItem[];
  next: NextStep | null;
  /** The steps of its plan, in their order. */
  escalation: EscalationItem[];
  /** The rule's value over the last hour, `[milliseconds, value or null]`. */
  series: [number, number | null][];
}

/** A decision of the alert path and its reason. */
export interface AlertTimelineEntry {
  at: string;
  kind: string;
  from: AlertState | null;
  to: AlertState | null;
  reason: string;
}

/** The escalation step that comes next. */
export interface EscalationItem {
  /** From 0. */
  step: number;
  /** Seconds from its firing. */
  delay: number;
  notify: string[];
  /** `off`: acknowledged, ended or muted before it came. */
  state: 'told' | 'due' | 'off';
  /** When it was sent, or will be; null = neither. */
  at: string | null;
}

export interface NextStep {
  at: string;
  step: number;
  notify: string[];
}

/** An item of `GET /api/v1/notifications`: one message to one target. */
export interface NotificationItem {
  id: string;
  alert: string;
  rule: string;
  channel: string;
  target: string;
  /** `acknowledged` tells a vendor with a state of its own that somebody has the alert. */
  kind: 'firing' | 'update' | 'repeat' | 'resolved' | 'acknowledged' | 'meta';
  step: number;
  status: 'queued' | 'sending' | 'sent' | 'retrying' | 'failed' | 'uncertain' | 'cancelled';
  attempts: number;
  reason: string;
  lastError: string | null;
  createdAt: string;
  sentAt: string | null;
  /** When the next attempt is, while it waits; a throttled message waits too. */
  nextAttemptAt: string | null;
  /** What the vendor said of it after it had taken it: `delivered`, `no-answer`, …; null = nothing. */
  report: string | null;
  reportedAt: string | null;
}

/** An item of `GET /api/v1/rules`. */
export interface Rule {
  name: string;
  severity: Severity;
  condition: string;
  sentence: string;
  query: string;
  window: string;
  state: AlertState;
  value: number | null;
  sample: number | null;
  lastEvaluatedAt: string | null;
  reason: string | null;
}

/** `GET /api/v1/rules/:name` */
export interface RuleDetail extends Rule {
  /** In `unit`. */
  threshold: number;
  unit: string | null;
  /** The threshold for resolving; null = the same. */
  resolve: number | null;
  /** The smallest sample that is judged. */
  minCount: number;
  evaluatedEverySeconds: number;
  /** Over the last three hours; one for each combination of labels, at most ten. */
  series: RuleSeries[];
  /** How many combinations there are. */
  seriesTotal: number;
  receivers: { channel: string; target: string; broken: string | null }[];
  escalation: string | null;
  runbook: string | null;
}

/** What a rule saw. */
export interface RuleSeries {
  labels: Record<string, string>;
  /** `[milliseconds, value or null, sample or null]` */
  points: [number, number | null, number | null][];
}

/** `GET /api/v1/rules/:name/replay?since=`: what a rule would have done over stored history. */
export interface RuleReplay {
  rule: string;
  from: string;
  to: string;
  evaluations: number;
  /** Newest first. */
  episodes: {
    labels: Record<string, string>;
    start: string;
    end: string | null;
    /** How often it fired again soon after its end, which is the same alert. */
    flaps: number;
    reason: string;
  }[];
}

/** A message that the demo inbox received (`GET /api/v1/demo-inbox`), newest first. */
export interface InboxMessage {
  id: string;
  receivedAt: string;
  channel: 'slack' | 'email' | 'webhook';
  to: string;
  title: string;
  text: string;
}
