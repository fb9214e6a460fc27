-- What the local demo inbox received. Only the newest messages are kept.
CREATE TABLE demo_inbox (
  id text PRIMARY KEY,
  received_at timestamptz NOT NULL,
  channel text NOT NULL CHECK (channel IN ('slack', 'email', 'webhook')),
  recipient text NOT NULL,
  title text NOT NULL,
  text text NOT NULL
);
CREATE INDEX demo_inbox_newest ON demo_inbox (received_at DESC, id DESC);
