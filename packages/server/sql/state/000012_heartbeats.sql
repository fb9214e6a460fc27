-- What jobs said of themselves; the monitor's state is judged from it.
CREATE TABLE heartbeats (
  monitor_id text PRIMARY KEY,
  -- The last part of the address that the job calls.
  token text NOT NULL,
  -- startedAt, endedAt, failure, overlappedAt, lastRunMs, output; null before the first beat.
  beats jsonb
);
CREATE INDEX heartbeats_token ON heartbeats (token);
