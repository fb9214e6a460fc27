-- A pushed alert whose labels name no project belongs to that of the key that it came with.
ALTER TABLE pushed_alerts ADD COLUMN project text;
