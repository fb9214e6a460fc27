-- yumzoom_backup reads everything and writes nothing: base backups and the log through the replication protocol, rows for
-- the queries that a restored copy must answer. Its password is set at start by the runner.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'yumzoom_backup') THEN
    CREATE ROLE yumzoom_backup LOGIN;
  END IF;
END;
$$;
ALTER ROLE yumzoom_backup REPLICATION;
GRANT pg_read_all_data, pg_monitor TO yumzoom_backup;
