-- The instances of the platform on this state store. One that was not heard for a while is gone; one that ended in
-- order has no row.
CREATE TABLE instances (
  instance text PRIMARY KEY,
  roles text[] NOT NULL,
  version text NOT NULL,
  url text NOT NULL,
  -- Tell whether instances have a secret key in common, and nothing about the keys.
  key_marks text[] NOT NULL,
  started_at timestamptz NOT NULL,
  seen_at timestamptz NOT NULL,
  -- Sentences about parts of it that are not well.
  problems jsonb NOT NULL,
  -- What it knows for the alert path, which another instance may run.
  conditions jsonb NOT NULL,
  -- How far its rows are from the telemetry store.
  pipeline jsonb NOT NULL
);
-- Work that one instance at a time does.
CREATE TABLE instance_duties (
  duty text PRIMARY KEY,
  holder text NOT NULL,
  lease_until timestamptz NOT NULL
);
-- Which instance took in a delivery of a sender, so that the same one sent to another instance adds nothing. `answer` is
-- empty until it is known that it was taken.
CREATE TABLE ingest_claims (
  key text PRIMARY KEY,
  instance text NOT NULL,
  claimed_at timestamptz NOT NULL,
  answer jsonb
);
CREATE INDEX ingest_claims_open ON ingest_claims (instance) WHERE answer IS NULL;
CREATE INDEX ingest_claims_age ON ingest_claims (claimed_at);
-- What the last look at a database of the application found, for instances that do not look themselves.
CREATE TABLE database_findings (
  database text PRIMARY KEY,
  at timestamptz NOT NULL,
  findings jsonb NOT NULL
);
-- Instances that check nothing, and only take in what agents and jobs say of monitors.
ALTER TABLE prober_members ADD COLUMN checks boolean NOT NULL DEFAULT true;
