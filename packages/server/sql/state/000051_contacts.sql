-- Addresses that people have added or confirmed. Nothing is sent to one that is not confirmed. The code that its owner sends
-- back is kept as SHA-256 with the id of the row; it is short, lives for minutes and is good for a few tries.
CREATE TABLE contact_methods (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  person text NOT NULL,
  channel text NOT NULL,
  address text NOT NULL,
  confirmed_at timestamptz,
  code_hash bytea,
  code_sent_at timestamptz,
  code_tries int NOT NULL DEFAULT 0,
  -- When codes went out lately, newest first.
  codes_sent timestamptz[] NOT NULL DEFAULT '{}',
  created_by text NOT NULL,
  created_at timestamptz NOT NULL,
  UNIQUE (person, channel, address)
);

-- How people want to be told: {"high": [{"afterMs", "channel"}], "low": […]}. A key that is missing means the default.
CREATE TABLE contact_rules (
  person text PRIMARY KEY,
  rules jsonb NOT NULL,
  changed_by text NOT NULL,
  changed_at timestamptz NOT NULL
);
