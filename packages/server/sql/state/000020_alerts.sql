-- The right to evaluate rules and to move timers. `token` grows with every new holder and fences its writes.
CREATE TABLE alert_leases (
  name text PRIMARY KEY,
  holder text NOT NULL,
  token bigint NOT NULL,
  expires_at timestamptz NOT NULL
);

-- Groups of alerts that are told together; the row is what a decision about the group locks.
CREATE TABLE alert_groups (
  key text PRIMARY KEY,
  anchor_at timestamptz
);

-- One rule for one combination of labels: what its state machine remembers.
CREATE TABLE alert_instances (
  fingerprint text PRIMARY KEY,
  rule_id text NOT NULL,
  labels jsonb NOT NULL,
  state text NOT NULL CHECK (state IN ('inactive', 'pending', 'firing', 'insufficient', 'nodata')),
  since timestamptz NOT NULL,
  active_at timestamptz,
  clear_since timestamptz,
  starved_since timestamptz,
  episode int NOT NULL,
  round int NOT NULL,
  open boolean NOT NULL,
  resolved_at timestamptz,
  silent_since timestamptz,
  value double precision,
  sample double precision,
  reason text NOT NULL
);

CREATE TABLE alert_rule_statuses (
  rule_id text PRIMARY KEY,
  state text NOT NULL,
  value double precision,
  sample double precision,
  reason text NOT NULL,
  last_slot timestamptz,
  missed_total bigint NOT NULL,
  blocked_since timestamptz
);

-- One row an episode. `subject` is what it is about, `plan` who is told when, as fixed when it began.
CREATE TABLE alerts (
  id text PRIMARY KEY,
  fingerprint text NOT NULL,
  episode int NOT NULL,
  round int NOT NULL,
  origin text NOT NULL CHECK (origin IN ('rule', 'monitor', 'meta')),
  rule_id text NOT NULL,
  group_key text NOT NULL REFERENCES alert_groups,
  state text NOT NULL CHECK (state IN ('firing', 'resolved')),
  subject jsonb NOT NULL,
  plan jsonb NOT NULL,
  started_at timestamptz NOT NULL,
  fired_at timestamptz NOT NULL,
  resolved_at timestamptz,
  resolve_reason text,
  last_step int NOT NULL,
  repeats int NOT NULL,
  ack_by text,
  ack_via text,
  ack_at timestamptz
);
CREATE UNIQUE INDEX alerts_one_open_episode ON alerts (fingerprint) WHERE state = 'firing';
CREATE INDEX alerts_started ON alerts (started_at DESC, id);
CREATE INDEX alerts_firing_by_group ON alerts (group_key) WHERE state = 'firing';

-- Every decision with its reason.
CREATE TABLE alert_timeline (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  alert_id text NOT NULL REFERENCES alerts ON DELETE CASCADE,
  at timestamptz NOT NULL,
  kind text NOT NULL,
  from_state text,
  to_state text,
  reason text NOT NULL
);
CREATE INDEX alert_timeline_of_alert ON alert_timeline (alert_id, id);

CREATE TABLE alert_timers (
  alert_id text NOT NULL REFERENCES alerts ON DELETE CASCADE,
  kind text NOT NULL CHECK (kind IN ('step', 'repeat', 'resolve', 'ack')),
  step int NOT NULL,
  group_key text NOT NULL,
  due_at timestamptz NOT NULL,
  PRIMARY KEY (alert_id, kind, step)
);
CREATE INDEX alert_timers_due ON alert_timers (due_at);
CREATE INDEX alert_timers_of_group ON alert_timers (group_key);

-- The outbox: one row a message to one target. `seq` is the order in which a target gets them.
CREATE TABLE alert_messages (
  id text PRIMARY KEY,
  seq bigint GENERATED ALWAYS AS IDENTITY,
  key text NOT NULL UNIQUE,
  group_key text NOT NULL,
  channel text NOT NULL,
  target text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('firing', 'update', 'repeat', 'resolved', 'meta')),
  step int NOT NULL,
  status text NOT NULL
    CHECK (status IN ('queued', 'sending', 'sent', 'retrying', 'failed', 'uncertain', 'cancelled')),
  attempts int NOT NULL,
  body jsonb NOT NULL,
  reason text NOT NULL,
  last_error text,
  created_at timestamptz NOT NULL,
  due_at timestamptz NOT NULL,
  next_attempt_at timestamptz NOT NULL,
  sent_at timestamptz,
  maybe_delivered boolean NOT NULL,
  interruptions int NOT NULL,
  fallback_at timestamptz,
  claimed_by text,
  claimed_until timestamptz
);
CREATE INDEX alert_messages_waiting ON alert_messages (next_attempt_at)
  WHERE status IN ('queued', 'retrying', 'uncertain');
CREATE INDEX alert_messages_out ON alert_messages (group_key, channel, target, seq)
  WHERE status IN ('queued', 'sending', 'retrying', 'uncertain');
CREATE INDEX alert_messages_fallback ON alert_messages (fallback_at) WHERE fallback_at IS NOT NULL;
CREATE INDEX alert_messages_sending ON alert_messages (claimed_until) WHERE status = 'sending';
CREATE INDEX alert_messages_newest ON alert_messages (seq DESC);

-- What a message tells of. The key `fp:episode:step:target:kind` is unique: nobody is told the same twice.
CREATE TABLE alert_message_alerts (
  key text PRIMARY KEY,
  message_id text NOT NULL REFERENCES alert_messages ON DELETE CASCADE,
  alert_id text NOT NULL REFERENCES alerts ON DELETE CASCADE,
  position int NOT NULL
);
CREATE INDEX alert_message_alerts_of_message ON alert_message_alerts (message_id);
CREATE INDEX alert_message_alerts_of_alert ON alert_message_alerts (alert_id);
