-- Who stands in on a schedule for a time, decided while the platform runs. Where two overlap, the later id counts.
CREATE TABLE oncall_overrides (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  schedule text NOT NULL,
  person text NOT NULL,
  starts_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL,
  -- The same for both halves of a swap.
  swap text,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL,
  CHECK (starts_at < ends_at)
);
CREATE INDEX oncall_overrides_end ON oncall_overrides (ends_at);

-- Links to calendar files. The secret in the address is kept as SHA-256; it is random, so no salt is needed.
CREATE TABLE oncall_feeds (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  schedule text NOT NULL,
  secret_hash bytea NOT NULL UNIQUE,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL
);
