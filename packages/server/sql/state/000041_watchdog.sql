-- The synthetic alert of the watchdog has an origin of its own; which there are is the code's to say.
ALTER TABLE alerts DROP CONSTRAINT alerts_origin_check;
CREATE INDEX alerts_synthetic ON alerts (resolved_at) WHERE origin = 'watchdog';
