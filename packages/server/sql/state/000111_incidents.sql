-- What went wrong, from the fault to the lesson. `dedup_key`: a declaration with the key of an open incident joins it.
CREATE TABLE incidents (
  id text PRIMARY KEY,
  number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  title text NOT NULL,
  summary text NOT NULL,
  severity text NOT NULL CHECK (severity IN ('critical', 'major', 'minor')),
  status text NOT NULL
    CHECK (status IN ('triage', 'investigating', 'identified', 'monitoring', 'resolved', 'closed', 'cancelled')),
  drill boolean NOT NULL,
  source text NOT NULL CHECK (source IN ('alert', 'hand', 'platform')),
  dedup_key text,
  labels jsonb NOT NULL,
  runbook text,
  roles jsonb NOT NULL,
  declared_by text NOT NULL,
  started_at timestamptz NOT NULL,
  detected_at timestamptz NOT NULL,
  declared_at timestamptz NOT NULL,
  acknowledged_at timestamptz,
  acknowledged_by text,
  mitigated_at timestamptz,
  resolved_at timestamptz,
  reopened int NOT NULL DEFAULT 0,
  -- The last change of status.
  moved_at timestamptz NOT NULL,
  postmortem text,
  postmortem_by text,
  postmortem_at timestamptz
);
CREATE UNIQUE INDEX incidents_one_open_of_key ON incidents (dedup_key)
  WHERE status NOT IN ('resolved', 'closed', 'cancelled');
CREATE INDEX incidents_newest ON incidents (number DESC);
CREATE INDEX incidents_lately ON incidents (moved_at);

CREATE TABLE incident_statuses (
  incident_id text NOT NULL REFERENCES incidents ON DELETE CASCADE,
  seq bigint GENERATED ALWAYS AS IDENTITY,
  status text NOT NULL,
  at timestamptz NOT NULL,
  by text NOT NULL,
  note text NOT NULL,
  PRIMARY KEY (incident_id, seq)
);

-- Alerts that the incident is about. What is known of each is kept here too, however long the alert itself is.
CREATE TABLE incident_alerts (
  incident_id text NOT NULL REFERENCES incidents ON DELETE CASCADE,
  alert_id text NOT NULL,
  rule_id text NOT NULL,
  rule text NOT NULL,
  severity text NOT NULL,
  state text NOT NULL,
  started_at timestamptz NOT NULL,
  resolved_at timestamptz,
  acknowledged_by text,
  joined_at timestamptz NOT NULL,
  PRIMARY KEY (incident_id, alert_id)
);
CREATE INDEX incident_alerts_of_alert ON incident_alerts (alert_id);
CREATE INDEX incident_alerts_of_rule ON incident_alerts (rule_id);

-- The timeline. `source` names the durable fact that a line was made from, so that each is there once.
CREATE TABLE incident_events (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  incident_id text NOT NULL REFERENCES incidents ON DELETE CASCADE,
  at timestamptz NOT NULL,
  kind text NOT NULL,
  actor text,
  text text NOT NULL,
  link text,
  source text,
  UNIQUE (incident_id, source)
);
CREATE INDEX incident_events_in_order ON incident_events (incident_id, at, id);

-- What telemetry said around the beginning, copied so that no retention takes it away.
CREATE TABLE incident_evidence (
  incident_id text NOT NULL REFERENCES incidents ON DELETE CASCADE,
  kind text NOT NULL,
  title text NOT NULL,
  query text NOT NULL,
  from_at timestamptz NOT NULL,
  to_at timestamptz NOT NULL,
  taken_at timestamptz NOT NULL,
  -- The whole span had passed when it was taken.
  complete boolean NOT NULL,
  total bigint NOT NULL,
  rows jsonb NOT NULL,
  error text,
  PRIMARY KEY (incident_id, kind)
);

CREATE TABLE incident_tasks (
  id text PRIMARY KEY,
  incident_id text NOT NULL REFERENCES incidents ON DELETE CASCADE,
  title text NOT NULL,
  assignee text,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL,
  done_by text,
  done_at timestamptz
);
CREATE INDEX incident_tasks_of_incident ON incident_tasks (incident_id, created_at);
