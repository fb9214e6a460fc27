-- Runs of jobs that told of themselves under an id; kept for a week, so that what is told of one later finds it.
CREATE TABLE check_in_runs (
  monitor_id text NOT NULL,
  id text NOT NULL,
  -- Milliseconds since the epoch; ended_at is null until its end was told.
  started_at bigint NOT NULL,
  ended_at bigint,
  PRIMARY KEY (monitor_id, id)
);
CREATE INDEX check_in_runs_age ON check_in_runs (monitor_id, started_at);
