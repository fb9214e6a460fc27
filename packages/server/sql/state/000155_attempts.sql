-- How often something was tried in a window of time, over all instances. Keys are keyed hashes; a window that has ended
-- is deleted when the next one begins.
CREATE TABLE attempts (
  key text PRIMARY KEY,
  count integer NOT NULL,
  ends_at timestamptz NOT NULL
);
CREATE INDEX attempts_ends_at ON attempts (ends_at);
