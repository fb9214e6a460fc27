-- When an alert fired or ended within the last hour (ms since the epoch, oldest first): what changes often flaps.
ALTER TABLE alert_instances ADD COLUMN flips jsonb NOT NULL DEFAULT '[]';
ALTER TABLE alerts ADD COLUMN flips jsonb NOT NULL DEFAULT '[]';
ALTER TABLE alerts ADD COLUMN flapping_since timestamptz;

-- How often its severity was raised while it fired: each raise begins the escalation anew, under keys of its own.
ALTER TABLE alerts ADD COLUMN raises int NOT NULL DEFAULT 0;
