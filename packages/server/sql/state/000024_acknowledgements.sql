-- Who acknowledged after the first.
ALTER TABLE alerts ADD COLUMN ack_also jsonb NOT NULL DEFAULT '[]';
