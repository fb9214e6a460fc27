-- Alerts that others push, by their labels: what was sent last, and what the alert path has made of it. A row is to be
-- looked at while `handled_version` is not `version`, and at `ends_at` while `open`.
CREATE TABLE pushed_alerts (
  fingerprint text PRIMARY KEY,
  labels jsonb NOT NULL,
  annotations jsonb NOT NULL,
  generator_url text,
  starts_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL,
  timeout boolean NOT NULL,
  received_at timestamptz NOT NULL,
  first_received_at timestamptz NOT NULL,
  activity int NOT NULL,
  version int NOT NULL,
  handled_version int NOT NULL DEFAULT 0,
  handled_activity int NOT NULL DEFAULT 0,
  episode int NOT NULL DEFAULT 0,
  round int NOT NULL DEFAULT 0,
  open boolean NOT NULL DEFAULT false,
  closed_at timestamptz
);
CREATE INDEX pushed_alerts_new ON pushed_alerts (received_at) WHERE handled_version <> version;
CREATE INDEX pushed_alerts_open ON pushed_alerts (ends_at) WHERE open;
CREATE INDEX alerts_of_fingerprint ON alerts (fingerprint, episode);

ALTER TABLE alerts DROP CONSTRAINT IF EXISTS alerts_origin_check;
ALTER TABLE alerts ADD CONSTRAINT alerts_origin_check CHECK (origin <> '');

-- Groups that are told as a whole: what each receiver knows, and when the group is looked at next.
ALTER TABLE alert_groups ADD COLUMN told jsonb NOT NULL DEFAULT '{}';
ALTER TABLE alert_message_alerts ADD COLUMN ended boolean NOT NULL DEFAULT false;
ALTER TABLE alert_timers DROP CONSTRAINT IF EXISTS alert_timers_kind_check;
ALTER TABLE alert_timers ADD CONSTRAINT alert_timers_kind_check CHECK (kind <> '');

-- The time that all instances agree on, minus the database's clock: not 0 after a jump of that clock.
ALTER TABLE alert_leases ADD COLUMN shift_ms bigint NOT NULL DEFAULT 0;
