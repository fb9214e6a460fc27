-- What a key is for, who made it, and when it was last used.
ALTER TABLE ingest_keys
  ADD COLUMN name text,
  ADD COLUMN created_by text,
  ADD COLUMN last_used_at timestamptz;
