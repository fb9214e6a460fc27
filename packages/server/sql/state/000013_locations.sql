-- Where a monitor is checked from and what each place sees of it.
ALTER TABLE monitors
  ADD COLUMN locations jsonb NOT NULL DEFAULT '[]',
  ADD COLUMN quorum int NOT NULL DEFAULT 1;

-- One entry per location of a monitor that has several: location, agent, state, since, reason, failures, successes,
-- lastCheckedAt, durationMs.
ALTER TABLE monitor_states ADD COLUMN locations jsonb NOT NULL DEFAULT '[]';

-- Agents that check from other places.
CREATE TABLE probe_agents (
  id text PRIMARY KEY,
  name text NOT NULL,
  location text NOT NULL,
  version text NOT NULL,
  last_seen_at timestamptz NOT NULL,
  lease_until timestamptz NOT NULL,
  -- The number of the newest result of the agent that is stored.
  last_sequence bigint NOT NULL,
  -- Results that wait at the agent, and those that it gave up because it was cut off for too long.
  waiting int NOT NULL,
  dropped bigint NOT NULL
);

-- A secret opens one location, and nothing else.
CREATE TABLE probe_tokens (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  secret_hash bytea NOT NULL UNIQUE,
  location text NOT NULL,
  created_at timestamptz NOT NULL,
  revoked_at timestamptz
);
