-- Up to when the slots of a job are decided; a job begins with the slots after it was first seen.
CREATE TABLE job_schedules (
  job text PRIMARY KEY,
  decided_to timestamptz NOT NULL,
  missed_total bigint NOT NULL DEFAULT 0
);

CREATE TABLE job_runs (
  id text PRIMARY KEY,
  job text NOT NULL,
  trigger text NOT NULL CHECK (trigger IN ('schedule', 'catch_up', 'retry', 'manual')),
  slot timestamptz,
  status text NOT NULL
    CHECK (status IN ('queued', 'running', 'succeeded', 'failed', 'cancelled', 'lost', 'skipped')),
  reason text,
  requested_by text NOT NULL,
  attempt integer NOT NULL DEFAULT 1,
  options jsonb NOT NULL DEFAULT '{}',
  queued_at timestamptz NOT NULL,
  started_at timestamptz,
  ended_at timestamptz,
  instance text,
  -- The last sign of life of the instance that runs it.
  beat_at timestamptz,
  cancelled_by text,
  progress jsonb,
  summary text,
  detail jsonb,
  error jsonb
);
-- One run a slot and attempt, whatever instances decide at the same time.
CREATE UNIQUE INDEX job_runs_slot ON job_runs (job, slot, attempt) WHERE slot IS NOT NULL;
CREATE INDEX job_runs_of_job ON job_runs (job, queued_at DESC);
CREATE INDEX job_runs_unfinished ON job_runs (queued_at) WHERE status IN ('queued', 'running');

CREATE TABLE job_log (
  run_id text NOT NULL REFERENCES job_runs ON DELETE CASCADE,
  line bigint GENERATED ALWAYS AS IDENTITY,
  at timestamptz NOT NULL,
  text text NOT NULL,
  PRIMARY KEY (run_id, line)
);
