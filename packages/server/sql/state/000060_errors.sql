-- Issues: what people decided about errors that are one. The events lie in telemetry; `id` is the hash of the group
-- that came first.
CREATE TABLE error_issues (
  id text PRIMARY KEY,
  project text NOT NULL,
  status text NOT NULL DEFAULT 'unresolved' CHECK (status IN ('unresolved', 'resolved', 'ignored')),
  substatus text CHECK (substatus IN ('new', 'ongoing', 'regressed', 'escalating')),
  first_seen timestamptz NOT NULL,
  last_seen timestamptz NOT NULL,
  first_release text,
  last_release text,
  assignee text,
  changed_at timestamptz NOT NULL,
  -- resolved: since when, by whom, and from which release on an event is a regression
  resolved_at timestamptz,
  resolved_by text,
  resolved_release text,
  resolved_in_next boolean NOT NULL DEFAULT false,
  -- ignored: since when, and until what
  ignored_at timestamptz,
  ignored_until timestamptz,
  ignored_count integer,
  ignored_users integer,
  ignored_escalating boolean NOT NULL DEFAULT false
);
CREATE INDEX error_issues_status ON error_issues (status, last_seen DESC);

CREATE TABLE releases (
  project text NOT NULL,
  version text NOT NULL,
  created_at timestamptz NOT NULL,
  first_seen timestamptz,
  last_seen timestamptz,
  finalized_at timestamptz,
  url text,
  commits jsonb NOT NULL DEFAULT '[]',
  PRIMARY KEY (project, version)
);

CREATE TABLE deploys (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  project text NOT NULL,
  version text NOT NULL,
  environment text NOT NULL,
  name text,
  url text,
  at timestamptz NOT NULL
);
CREATE INDEX deploys_version ON deploys (project, version);

-- Uploaded source maps; the files lie in the data folder under their debug id, or under release and path.
CREATE TABLE source_maps (
  path text PRIMARY KEY,
  debug_id text,
  release text,
  dist text,
  name text NOT NULL,
  bytes bigint NOT NULL,
  uploaded_at timestamptz NOT NULL
);

-- Up to where the stored events have been looked at.
CREATE TABLE error_tracker (
  id integer PRIMARY KEY DEFAULT 1 CHECK (id = 1),
  seen_until timestamptz NOT NULL
);
