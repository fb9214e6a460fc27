-- What the public is told. `published_at` null = a draft. A component is named by its id in the configuration.
CREATE TABLE status_posts (
  id text PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('incident', 'maintenance')),
  title text NOT NULL,
  impact text NOT NULL CHECK (impact IN ('none', 'minor', 'major', 'critical')),
  status text NOT NULL,
  components jsonb NOT NULL,
  incident_id text REFERENCES incidents ON DELETE SET NULL,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL,
  published_at timestamptz,
  published_by text,
  started_at timestamptz NOT NULL,
  resolved_at timestamptz,
  scheduled_start timestamptz,
  scheduled_end timestamptz,
  CHECK (kind = 'incident' OR scheduled_start < scheduled_end)
);
CREATE INDEX status_posts_newest ON status_posts (started_at DESC, id);
CREATE INDEX status_posts_of_incident ON status_posts (incident_id);

CREATE TABLE status_updates (
  id text PRIMARY KEY,
  post_id text NOT NULL REFERENCES status_posts ON DELETE CASCADE,
  seq bigint GENERATED ALWAYS AS IDENTITY,
  status text NOT NULL,
  body text NOT NULL,
  at timestamptz NOT NULL,
  by text NOT NULL
);
CREATE INDEX status_updates_of_post ON status_updates (post_id, seq);

-- Who wants to know. Links in messages are signed, so that no secret is kept here.
CREATE TABLE status_subscribers (
  id text PRIMARY KEY,
  channel text NOT NULL CHECK (channel IN ('email', 'webhook')),
  address text NOT NULL,
  created_at timestamptz NOT NULL,
  asked_at timestamptz NOT NULL,
  asked int NOT NULL,
  confirmed_at timestamptz,
  UNIQUE (channel, address)
);

-- One message a subscriber and update, so that nobody is told twice; `update_id` null asks for confirmation.
CREATE TABLE status_messages (
  id text PRIMARY KEY,
  subscriber_id text NOT NULL REFERENCES status_subscribers ON DELETE CASCADE,
  update_id text REFERENCES status_updates ON DELETE CASCADE,
  status text NOT NULL CHECK (status IN ('queued', 'sent', 'failed')),
  attempts int NOT NULL,
  created_at timestamptz NOT NULL,
  next_attempt_at timestamptz NOT NULL,
  sent_at timestamptz,
  last_error text,
  UNIQUE (subscriber_id, update_id)
);
CREATE INDEX status_messages_waiting ON status_messages (next_attempt_at) WHERE status = 'queued';
