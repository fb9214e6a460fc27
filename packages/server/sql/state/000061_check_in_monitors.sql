-- Jobs that made their monitor themselves, by a check-in that says when they run.
CREATE TABLE check_in_monitors (
  id text PRIMARY KEY,
  project text NOT NULL,
  slug text NOT NULL,
  environment text,
  -- schedule, time_zone, grace, max_runtime as they stand in a file of monitors; empty = it said none
  config jsonb NOT NULL,
  seen_at timestamptz NOT NULL,
  UNIQUE (project, slug)
);
