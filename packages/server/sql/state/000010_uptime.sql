-- What is monitored, as the configuration says, so that pages and alerts can be made where no prober runs.
CREATE TABLE monitors (
  id text PRIMARY KEY,
  position int NOT NULL,
  name text NOT NULL,
  kind text NOT NULL,
  url text NOT NULL,
  rewritten_to text,
  method text NOT NULL,
  expectation jsonb NOT NULL,
  interval_ms int NOT NULL,
  timeout_ms int NOT NULL,
  parent text,
  severity text NOT NULL,
  notifications jsonb NOT NULL,
  escalation text,
  labels jsonb NOT NULL,
  runbook text,
  project text,
  environment text
);
CREATE INDEX monitors_position ON monitors (position);

-- One row a monitor, rewritten after every check: narrow, and with room for updates in the page.
CREATE TABLE monitor_states (
  monitor_id text PRIMARY KEY,
  state text NOT NULL
    CHECK (state IN ('up', 'down', 'degraded', 'pending', 'unknown', 'network-down', 'paused')),
  since timestamptz,
  reason text,
  failures int NOT NULL,
  successes int NOT NULL,
  last_checked_at timestamptz,
  next_check_at timestamptz,
  certificate_days int,
  -- Milliseconds of the newest checks, oldest first, null where the check failed.
  recent real[] NOT NULL,
  -- One entry per named check of a health report: name, state, since, reason, durationMs.
  named jsonb NOT NULL
) WITH (fillfactor = 60);

-- Every change of state. Written in the transaction that changes `monitor_states`.
CREATE TABLE monitor_events (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  monitor_id text NOT NULL,
  at timestamptz NOT NULL,
  from_state text NOT NULL,
  to_state text NOT NULL,
  reason text,
  UNIQUE (monitor_id, at, to_state)
);
