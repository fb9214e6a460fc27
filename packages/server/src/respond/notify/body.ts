import type { Severity } from '@yumops/protocol';

/** One alert inside a message. Times in ms since the epoch. */
export interface MessageAlert {
  id: string;
  name: string;
  status: 'firing' | 'resolved';
  severity: Severity;
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
  summary: string;
  sentence: string;
  value: number | null;
  threshold: number | null;
  unit: string | null;
  sample: number | null;
  windowMs: number | null;
  startedAt: number;
  endedAt: number | null;
  runbook: string | null;
}

/** What a message says, before a channel gives it its form. */
export interface MessageBody {
  kind: 'firing' | 'update' | 'repeat' | 'resolved' | 'meta';
  severity: Severity;
  rule: string;
  /** One line. */
  title: string;
  /** Why this message was sent to this receiver. */
  reason: string;
  step: number;
  /** Alerts this message tells of first, then others that fire in the same group. */
  alerts: readonly MessageAlert[];
}
