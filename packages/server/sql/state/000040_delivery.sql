-- The kinds of messages and timers are the code's to say; every release may add some.
ALTER TABLE alert_messages DROP CONSTRAINT alert_messages_kind_check;
ALTER TABLE alert_timers DROP CONSTRAINT alert_timers_kind_check;

-- `receipt`: the vendor's name of the message. `report`: what the vendor said of it afterwards. `bundle`: the message
-- whose id went out with one message about several.
ALTER TABLE alert_messages ADD COLUMN receipt text;
ALTER TABLE alert_messages ADD COLUMN report text;
ALTER TABLE alert_messages ADD COLUMN reported_at timestamptz;
ALTER TABLE alert_messages ADD COLUMN bundle text;
CREATE INDEX alert_messages_by_contact ON alert_messages (channel, target, sent_at);
