-- Planned work and mute times that were made at run time. `ends_at` is null for those that come again.
CREATE TABLE planned_windows (
  id text PRIMARY KEY,
  name text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('maintenance', 'mute')),
  time_zone text NOT NULL,
  times jsonb NOT NULL,
  scope jsonb NOT NULL,
  reason text NOT NULL,
  author text NOT NULL,
  created_at timestamptz NOT NULL,
  ends_at timestamptz,
  ended_at timestamptz,
  ended_by text
);
CREATE INDEX planned_windows_not_over ON planned_windows (coalesce(ended_at, ends_at));
