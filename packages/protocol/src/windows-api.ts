/** An item of `GET /api/v1/windows`: planned work, or a time at which alerts are not wanted. */
export interface PlannedWindow {
  id: string;
  name: string;
  /** `maintenance`: alerts are muted, and monitors and SLOs do not count; `mute`: alerts are muted, all else goes on. */
  kind: 'maintenance' | 'mute';
  state: 'open' | 'scheduled' | 'over';
  /** The opening under way, else the next one; null when none comes any more. */
  start: string | null;
  end: string | null;
  /** Once, or when it comes again: `sun 02:00–04:00`, or a cron expression with its length. */
  times: string;
  timeZone: string;
  /** What it is about; nothing named = everything. */
  monitors: string[];
  services: string[];
  slos: string[];
  environments: string[];
  matchers: string[];
  reason: string;
  /** Null = it stands in the configuration. */
  author: string | null;
  createdAt: string | null;
  endedAt: string | null;
  endedBy: string | null;
}
