-- Runbooks and procedures that somebody follows. `source` is the text as it was when it was begun.
CREATE TABLE checklists (
  id text PRIMARY KEY,
  runbook text NOT NULL,
  title text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('runbook', 'procedure')),
  source text NOT NULL,
  steps int NOT NULL,
  incident_id text REFERENCES incidents ON DELETE CASCADE,
  window_id text,
  notice_id text,
  state text NOT NULL CHECK (state IN ('open', 'done', 'abandoned')),
  result text NOT NULL DEFAULT '',
  started_by text NOT NULL,
  started_at timestamptz NOT NULL,
  ended_by text,
  ended_at timestamptz
);
CREATE INDEX checklists_of_incident ON checklists (incident_id);
CREATE INDEX checklists_newest ON checklists (started_at DESC, id);

CREATE TABLE checklist_marks (
  checklist_id text NOT NULL REFERENCES checklists ON DELETE CASCADE,
  step int NOT NULL,
  state text NOT NULL CHECK (state IN ('done', 'skipped', 'failed')),
  note text NOT NULL,
  by text NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (checklist_id, step)
);

CREATE TABLE checklist_deeds (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  checklist_id text NOT NULL REFERENCES checklists ON DELETE CASCADE,
  action int NOT NULL,
  name text NOT NULL,
  by text NOT NULL,
  at timestamptz NOT NULL,
  ok boolean NOT NULL,
  result text NOT NULL
);
CREATE INDEX checklist_deeds_of_checklist ON checklist_deeds (checklist_id, id);
