-- When the last attempt began, and when the first one whose end nobody knows.
ALTER TABLE alert_messages ADD COLUMN attempted_at timestamptz;
ALTER TABLE alert_messages ADD COLUMN uncertain_since timestamptz;
