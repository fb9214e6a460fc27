-- Monitors that were made in the console or by the API. Those of the configuration files are not here.
CREATE TABLE stored_monitors (
  id text PRIMARY KEY,
  -- What was written, sealed with the key of the installation: it may hold secrets.
  definition bytea NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL
);
