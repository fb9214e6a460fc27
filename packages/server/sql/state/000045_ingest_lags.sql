-- Since when the oldest row waits that an instance has taken in and not stored yet; no row = it keeps up.
CREATE TABLE ingest_lags (
  instance text PRIMARY KEY,
  oldest_at timestamptz NOT NULL,
  seen_at timestamptz NOT NULL
);
