-- Roles of tokens in single projects, as {"2": "viewer"}; with them the role for the whole installation may be none.
ALTER TABLE api_tokens
  ADD COLUMN projects jsonb,
  DROP CONSTRAINT api_tokens_role_check,
  ADD CONSTRAINT api_tokens_role_check CHECK (role IN ('viewer', 'responder', 'admin', 'none'));
