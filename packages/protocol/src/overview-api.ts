import type { InstallationRole, ProjectRoles } from './access-api.ts';

/** `GET /api/v1/overview`: is it fine, and if not, what to do. */
export interface Overview {
  verdict: 'healthy' | 'degraded' | 'down' | 'unknown';
  /** One sentence. */
  sentence: string;
  since: string | null;
  todo: TodoItem[];
  signals: Signal[];
  /** Null for somebody who reaches some projects only: it counts those of all. */
  pipeline: Pipeline | null;
}

/** The platform's own losses and lags, all zero when all is well. */
export interface Pipeline {
  spoolBytes: number;
  lagSeconds: number;
  rejected: number;
  dropped: number;
}

/** Something a person should do, worst first. */
export interface TodoItem {
  severity: 'critical' | 'warning' | 'info';
  title: string;
  detail: string;
  /** What to click or type. */
  action: { label: string; href?: string; command?: string };
}

/** A golden signal with its last hour. */
export interface Signal {
  key: 'requests' | 'errors' | 'p95' | 'connections' | 'memory';
  label: string;
  value: number | null;
  unit: string;
  /** `[milliseconds, value or null]`, one a minute. */
  series: [number, number | null][];
  href: string;
}

/** `GET /api/v1/me` */
export interface Me {
  email: string;
  name: string;
  role: InstallationRole;
  projects: ProjectRoles;
}

/** `GET /api/v1/instance` */
export interface Instance {
  service: string;
  version: string;
  environment: string;
  example: { url: string } | null;
  demoInbox: boolean;
}

/** One instance of the platform, in `GET /api/v1/instances`. */
export interface InstanceItem {
  /** Random, the same after a restart. */
  name: string;
  roles: string[];
  version: string;
  /** Where it listens, as it knows it. */
  url: string;
  startedAt: string;
  seenAt: string;
  /** `away`: it ended without taking leave. */
  state: 'live' | 'away';
  /** Whether it answers this question. */
  self: boolean;
  /** Whether it does what one worker at a time does. */
  caretaker: boolean;
  problems: string[];
}
