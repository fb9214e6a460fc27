-- Instances of the platform that share the monitors. `acting` names those whom an instance holds to be members: what
-- falls to it among them it may be checking. Empty = it checks nothing.
CREATE TABLE prober_members (
  instance text PRIMARY KEY,
  lease_until timestamptz NOT NULL,
  acting text[] NOT NULL
);
-- Which instance wrote the state last.
ALTER TABLE monitor_states ADD COLUMN checked_by text;
