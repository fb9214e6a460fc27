-- Upkeep of the databases of the application: what ran, what each action did, and the kill switch.
CREATE TABLE maintenance_runs (
  id text PRIMARY KEY,
  database text NOT NULL,
  tasks text[] NOT NULL,
  trigger text NOT NULL CHECK (trigger IN ('schedule', 'manual')),
  started_by text NOT NULL,
  started_at timestamptz NOT NULL,
  finished_at timestamptz,
  status text NOT NULL CHECK (status IN ('running', 'done', 'failed', 'cancelled', 'interrupted')),
  error text
);
CREATE INDEX maintenance_runs_database ON maintenance_runs (database, started_at DESC);

CREATE TABLE maintenance_actions (
  run_id text NOT NULL REFERENCES maintenance_runs ON DELETE CASCADE,
  place integer NOT NULL,
  task text NOT NULL,
  object text NOT NULL,
  statement text NOT NULL,
  reason text NOT NULL,
  -- What was measured: an object of names and values, JSON null where nothing was.
  before jsonb NOT NULL,
  after jsonb NOT NULL,
  status text NOT NULL CHECK (status IN ('done', 'skipped', 'failed')),
  error text,
  started_at timestamptz NOT NULL,
  finished_at timestamptz NOT NULL,
  PRIMARY KEY (run_id, place)
);

-- A database in here is not maintained until it is taken out.
CREATE TABLE maintenance_pauses (
  database text PRIMARY KEY,
  paused_by text NOT NULL,
  reason text NOT NULL,
  paused_at timestamptz NOT NULL
);
