-- Secrets that the installation made for itself and keeps when its secret key changes: each is sealed with that key.
CREATE TABLE installation_secrets (
  name text PRIMARY KEY,
  secret bytea NOT NULL,
  created_at timestamptz NOT NULL
);
