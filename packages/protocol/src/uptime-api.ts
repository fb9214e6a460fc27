/** `network-down`: the prober itself has no network. `unknown`: no result yet that can be trusted. */
export type MonitorState = 'up' | 'down' | 'degraded' | 'pending' | 'unknown' | 'network-down' | 'paused';

/** An item of `GET /api/v1/monitors`. Times are ISO 8601 in UTC. */
export interface Monitor {
  id: string;
  name: string;
  kind: string;
  /** As configured. */
  url: string;
  /** Set when `targets` in `yumops.yml` rewrote the origin: where the check really goes. */
  rewrittenTo: string | null;
  state: MonitorState;
  since: string | null;
  /** A sentence that names what was expected and what came. */
  reason: string | null;
  lastCheckedAt: string | null;
  nextCheckAt: string | null;
  /** Share of good time in percent, 0 to 100; null without data. */
  uptime90d: number | null;
  /** Seconds between checks. */
  interval: number;
  /** Days until the certificate ends; null when there is none. */
  certificateDays: number | null;
  /** Where the job of a heartbeat calls; null for other kinds. */
  pingUrl: string | null;
  /** Durations in ms of the newest checks, oldest first, null where the check failed. At most 40. */
  recent: (number | null)[];
}

/** `GET /api/v1/monitors/:id` */
export interface MonitorDetail extends Monitor {
  method: string;
  expectation: string[];
  timeout: number;
  /** Name of the monitor whose outage explains this one's. */
  parent: string | null;
  /** Places that must see it down before it is down. */
  quorum: number;
  /** Whether its badges are public, at `/badge/ID/state.svg`, `uptime.svg`, `response.svg` and `certificate.svg`. */
  badge: boolean;
  /** What each place sees; empty when the platform alone checks it. */
  locations: MonitorLocation[];
  bars: DayBar[];
  incidents: Outage[];
  /** One entry per named check of a health report, newest report; empty for other kinds. */
  named: NamedCheckState[];
  /** Where it is written: in a file of the configuration, here by people, or made by the check-ins of a job. */
  source: MonitorSource;
}

export type MonitorSource = 'file' | 'stored' | 'job';

/** `POST /api/v1/monitors/test` and `POST /api/v1/monitors/:id/check`: what one check says, which counts for nothing. */
export interface MonitorTrial {
  /** What the monitor expects, as short phrases. */
  expectation: string[];
  verdict: 'up' | 'degraded' | 'down' | 'unknown' | 'pending';
  reason: string | null;
  durationMs: number;
  /** Milliseconds; a phase that was not reached is null. */
  phases: {
    dns: number | null;
    connect: number | null;
    tls: number | null;
    firstByte: number | null;
    body: number | null;
  };
  statusCode: number | null;
  certificateDays: number | null;
  evidence: CheckEvidence | null;
  named: { name: string; verdict: string; reason: string | null; durationMs: number | null }[];
}

/** What is seen of a monitor from one place. */
export interface MonitorLocation {
  location: string;
  /** Who checked last from there: id of a probe agent, or `platform`; empty = nobody yet. */
  agent: string;
  state: MonitorState;
  since: string | null;
  reason: string | null;
  lastCheckedAt: string | null;
  /** Milliseconds of the last check; null when it failed. */
  durationMs: number | null;
}

/** What a health report says of one of its checks. */
export interface NamedCheckState {
  name: string;
  state: MonitorState;
  since: string;
  reason: string | null;
  durationMs: number | null;
}

/** One of the 90 daily bars; `up` is null on a day without data. */
export interface DayBar {
  day: string;
  up: number | null;
  checks: number;
  failed: number;
}

export interface Outage {
  startedAt: string;
  endedAt: string | null;
  reason: string;
}

/** An item of `GET /api/v1/checks?monitor=ID`, newest first. Durations in ms; a phase that was not reached is null. */
export interface Check {
  id: string;
  timestamp: string;
  monitor: string;
  location: string;
  ok: boolean;
  durationMs: number;
  dnsMs: number | null;
  connectMs: number | null;
  tlsMs: number | null;
  firstByteMs: number | null;
  bodyMs: number | null;
  statusCode: number | null;
  reason: string | null;
  evidence: CheckEvidence | null;
}

/** What a failed check saw. */
export interface CheckEvidence {
  status: number | null;
  headers: Record<string, string>;
  /** First 4 KB of the body. */
  body: string;
  /** What a browser journey recorded; absent of other kinds. */
  files?: CheckFile[] | undefined;
}

/** What a failed browser journey recorded, at `GET /api/v1/check-files/NAME`. */
export interface CheckFile {
  /** A picture of the page (PNG), or a recording for Playwright's trace viewer (ZIP). */
  kind: 'screenshot' | 'trace';
  name: string;
  bytes: number;
}

/** An item of `GET /api/v1/probes`: an agent that checks from another place. */
export interface ProbeAgent {
  id: string;
  name: string;
  location: string;
  version: string;
  /** `away` = not heard since its lease ended, though it did not say goodbye; others of its place have its share. */
  state: 'live' | 'away' | 'left';
  /** Monitors that it checks now. */
  monitors: number;
  /** Results that waited at the agent when it was last heard. */
  waiting: number;
  /** Results that it gave up because it was cut off for too long. */
  dropped: number;
  /** Why what waits would not outlive the agent; null when it would. */
  trouble: string | null;
  lastSeenAt: string;
}

/** An item of `GET /api/v1/probe-tokens`. The secret itself was shown once, when the token was made. */
export interface ProbeToken {
  id: string;
  location: string;
  createdAt: string;
  lastUsedAt: string | null;
  revokedAt: string | null;
}

/** The phases of a check, and all of it together. */
export type CheckPhase = 'total' | 'dns' | 'connect' | 'tls' | 'firstByte' | 'body';

/** Half, 95 and 99 of 100 good checks took at most so many milliseconds; null without any. */
export interface Percentiles {
  p50: number | null;
  p95: number | null;
  p99: number | null;
}

/** `GET /api/v1/monitors/:id/history`: how long checks took. */
export interface MonitorHistory {
  from: string;
  to: string;
  /** Seconds that a point stands for. */
  step: number;
  phases: ({ phase: CheckPhase } & Percentiles)[];
  locations: ({ location: string; checks: number; failed: number } & Percentiles)[];
  /** Oldest first; times without checks are missing. */
  points: ({ at: string; checks: number; failed: number } & Percentiles)[];
}

/** How available a monitor was in one period. Planned work, and time that nobody watched, count neither way. */
export interface SlaFigure {
  /** `7d`, `30d`, `90d`, a month such as `2026-11`, or `range` where somebody asked from one time to another. */
  period: string;
  from: string;
  to: string;
  /** Percent, cut to three decimals; null without data. */
  uptime: number | null;
  /** Seconds that it was up, down, and that work was planned. */
  up: number;
  down: number;
  planned: number;
  /** Times of being down that began in the period, and seconds of the longest. */
  outages: number;
  longest: number;
}

/** An item of `GET /api/v1/sla?month=2026-11`, or `?from=…&to=…`. */
export interface MonitorSla extends SlaFigure {
  monitor: string;
  name: string;
}
