-- Where a run is, told every second by whoever runs it, so that every instance can show and stop it.
ALTER TABLE maintenance_runs
  ADD COLUMN progress jsonb,
  -- When its runner was last heard of.
  ADD COLUMN seen_at timestamptz,
  -- Who wishes it to end.
  ADD COLUMN stopped_by text;
