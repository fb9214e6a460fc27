-- What scans found wrong, one row a finding; its id says which check, code, subject and object it is of.
CREATE TABLE security_findings (
  id text PRIMARY KEY,
  check_name text NOT NULL,
  code text NOT NULL,
  subject text NOT NULL,
  object text NOT NULL,
  severity text NOT NULL CHECK (severity IN ('critical', 'high', 'medium', 'low', 'unknown')),
  message text NOT NULL,
  evidence text NOT NULL,
  fix text NOT NULL,
  owner text,
  first_seen timestamptz NOT NULL,
  last_seen timestamptz NOT NULL,
  resolved_at timestamptz,
  accepted_until timestamptz,
  accepted_reason text,
  accepted_by text,
  accepted_severity text,
  CHECK (accepted_until IS NULL OR (accepted_reason <> '' AND accepted_by <> '' AND accepted_severity IS NOT NULL))
);
CREATE INDEX security_findings_check ON security_findings (check_name);

-- Scans as their reports show them.
CREATE TABLE security_scans (
  id text PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('weekly', 'monthly')),
  started_at timestamptz NOT NULL,
  ended_at timestamptz NOT NULL,
  started_by text NOT NULL,
  report jsonb NOT NULL
);
CREATE INDEX security_scans_ended ON security_scans (ended_at DESC);
