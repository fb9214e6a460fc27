-- The catalogue of a watched database as it was last seen, and how it changed from one look to the next.
CREATE TABLE database_catalogues (
  database text PRIMARY KEY,
  -- Name and id of the database: another one behind the same name begins anew.
  identity text NOT NULL,
  fingerprint text NOT NULL,
  catalogue jsonb NOT NULL,
  taken_at timestamptz NOT NULL
);

CREATE TABLE database_changes (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  database text NOT NULL,
  kind text NOT NULL,
  action text NOT NULL CHECK (action IN ('created', 'changed', 'removed')),
  object text NOT NULL,
  detail text[] NOT NULL,
  -- It happened between these: the look before it, and the look that saw it.
  since timestamptz NOT NULL,
  seen_at timestamptz NOT NULL
);
CREATE INDEX database_changes_database ON database_changes (database, seen_at DESC);
CREATE INDEX database_changes_seen_at ON database_changes (seen_at DESC);
