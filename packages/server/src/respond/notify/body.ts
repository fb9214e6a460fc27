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
  /** `acknowledged` tells a vendor that pages by itself that somebody has the alerts; `test` is sent by hand. */
  kind: 'firing' | 'update' | 'repeat' | 'resolved' | 'acknowledged' | 'meta' | 'test';
  severity: Severity;
  rule: string;
  /** One line. */
  title: string;
  /** Why this message was sent to this receiver. */
  reason: string;
  step: number;
  /** The labels that form the group of these alerts; left out = the name of the rule alone. */
  groupLabels?: Readonly<Record<string, string>>;
  /** Ids in Slack of the people whose turn it is. */
  mentions?: readonly string[];
  /** What a message says that is about no alert, and the page of the console about it. */
  notice?: {
    lines: readonly string[];
    url: string;
    /** The first message of the thread shows the newest state, where the channel can change it. */
    marksFirst?: boolean;
  };
  /** Alerts this message tells of first, then others that fire in the same group. */
  alerts: readonly MessageAlert[];
}
