-- Reports as they were made. `slot` is the scheduled time that one was made for: there is one a kind and slot.
CREATE TABLE reports (
  id text PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('daily', 'weekly', 'monthly', 'quarterly')),
  slot timestamptz,
  from_at timestamptz NOT NULL,
  to_at timestamptz NOT NULL,
  made_at timestamptz NOT NULL,
  made_by text NOT NULL,
  content jsonb NOT NULL
);
CREATE UNIQUE INDEX reports_one_of_slot ON reports (kind, slot) WHERE slot IS NOT NULL;
CREATE INDEX reports_of_kind ON reports (kind, id DESC);

-- To whom a report goes. E-mail waits here; what other channels get is in the outbox of alerts.
CREATE TABLE report_deliveries (
  report_id text NOT NULL REFERENCES reports ON DELETE CASCADE,
  channel text NOT NULL,
  target text NOT NULL,
  state text NOT NULL CHECK (state IN ('waiting', 'sent', 'failed')),
  attempts int NOT NULL,
  sent_at timestamptz,
  reason text,
  PRIMARY KEY (report_id, channel, target)
);
