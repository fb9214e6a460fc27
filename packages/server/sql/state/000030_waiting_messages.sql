-- What waits for one target, in the order in which it leaves: claims go from target to target.
CREATE INDEX alert_messages_of_target ON alert_messages (channel, target, next_attempt_at, seq)
  WHERE status IN ('queued', 'retrying', 'uncertain');
