-- Run after the migrations, at every start: tables belong to a role that nobody signs in as, and upkeep acts in its name.
-- Before Postgres 17 only a table's owner may vacuum, analyze or reindex it.
DO $$
DECLARE
  target RECORD;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'yumzoom_owner') THEN
    CREATE ROLE yumzoom_owner NOLOGIN;
  END IF;
  FOR target IN
    SELECT c.oid::regclass AS name FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'm')
      AND c.relowner <> 'yumzoom_owner'::regrole
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
  LOOP
    EXECUTE format('ALTER TABLE %s OWNER TO yumzoom_owner', target.name);
  END LOOP;
END;
$$;

-- Foreign keys are checked in the name of the owner.
GRANT USAGE ON SCHEMA public TO yumzoom_owner;
GRANT yumzoom_owner TO yumzoom_maintenance;
-- Who maintains may also end a session that is in the way.
GRANT pg_signal_backend TO yumzoom_maintenance;

-- What the watching role needs beside pg_monitor to judge bloat and sequences.
CREATE EXTENSION IF NOT EXISTS pgstattuple;
GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO yumzoom_monitor;
