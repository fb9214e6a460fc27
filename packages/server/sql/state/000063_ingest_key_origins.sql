-- From which web pages a public key may be used: origins, or `*.example.com` for a domain and those below it; empty = any.
ALTER TABLE ingest_keys ADD COLUMN origins text[] NOT NULL DEFAULT '{}';
