-- Alerts with these labels are not told of. Without `ends_at` a silence lasts for as long as one of `alert_ids` fires.
CREATE TABLE alert_silences (
  id text PRIMARY KEY,
  matchers jsonb NOT NULL,
  starts_at timestamptz NOT NULL,
  ends_at timestamptz,
  alert_ids jsonb NOT NULL,
  author text NOT NULL,
  reason text NOT NULL,
  created_at timestamptz NOT NULL,
  ended_at timestamptz,
  ended_by text
);
CREATE INDEX alert_silences_not_ended ON alert_silences (ends_at) WHERE ended_at IS NULL;

-- `muted`: what an alert had to say waits until nothing mutes it any more.
ALTER TABLE alert_timers DROP CONSTRAINT alert_timers_kind_check;
ALTER TABLE alert_timers ADD CONSTRAINT alert_timers_kind_check
  CHECK (kind IN ('step', 'repeat', 'resolve', 'ack', 'muted', 'digest'));
CREATE INDEX alert_timers_muted ON alert_timers (due_at) WHERE kind = 'muted';
