-- What a token may reach beyond its role, until when it works, and when it was last used.
ALTER TABLE api_tokens
  ADD COLUMN resources text[],
  ADD COLUMN expires_at timestamptz,
  ADD COLUMN last_used_at timestamptz,
  ADD COLUMN created_by text;
