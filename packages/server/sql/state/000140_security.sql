-- Attacks that were found, one row an attack: what it is and whom it is about make it the same.
CREATE TABLE security_detections (
  id text PRIMARY KEY,
  project text NOT NULL,
  code text NOT NULL,
  severity text NOT NULL CHECK (severity IN ('critical', 'high', 'medium', 'low')),
  ip text,
  network text,
  -- Hashed.
  account text,
  count bigint NOT NULL,
  first_at timestamptz NOT NULL,
  last_at timestamptz NOT NULL,
  evidence jsonb NOT NULL
);
CREATE INDEX security_detections_last ON security_detections (last_at DESC, id DESC);
CREATE INDEX security_detections_ip ON security_detections (ip) WHERE ip IS NOT NULL;
CREATE INDEX security_detections_account ON security_detections (account) WHERE account IS NOT NULL;

-- What applications are told to do: shut somebody out, or ask for more. An account alone is never shut out.
CREATE TABLE security_restrictions (
  id text PRIMARY KEY,
  project text NOT NULL,
  action text NOT NULL,
  kind text NOT NULL,
  value text NOT NULL,
  until timestamptz NOT NULL,
  why text NOT NULL,
  detection_id text,
  author text NOT NULL,
  created_at timestamptz NOT NULL,
  ended_at timestamptz,
  ended_by text,
  CHECK (
    (action = 'block' AND kind IN ('ip', 'network', 'pair'))
    OR (action = 'challenge' AND kind IN ('ip', 'network', 'account', 'everyone'))
  )
);
CREATE UNIQUE INDEX security_restrictions_in_force
  ON security_restrictions (project, action, kind, value) WHERE ended_at IS NULL;
CREATE INDEX security_restrictions_created ON security_restrictions (created_at DESC);
