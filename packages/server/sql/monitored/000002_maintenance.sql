-- Upkeep of the database. Names and signatures are those of the operations guide.
--
-- The functions run with the rights of their owner, because only a table's owner may analyze it; whoever may call
-- them is granted EXECUTE by name. The search path is empty, so that no caller can slip an object of their own in.

-- Work that cannot run inside a function: an engine takes the oldest open row, runs it, and writes the outcome.
CREATE TABLE IF NOT EXISTS maintenance_requests (
  id           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  task         TEXT NOT NULL CHECK (task IN ('reindex')),
  schema_name  TEXT NOT NULL,
  table_name   TEXT NOT NULL,
  requested_by TEXT NOT NULL,
  requested_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  started_at   TIMESTAMPTZ,
  finished_at  TIMESTAMPTZ,
  error        TEXT
);
CREATE UNIQUE INDEX IF NOT EXISTS maintenance_requests_open_key
  ON maintenance_requests (task, schema_name, table_name) WHERE finished_at IS NULL;

-- Fails with the names of the tables that the function's owner may not analyze: Postgres only warns and skips them.
CREATE OR REPLACE FUNCTION require_analyzable_tables()
RETURNS VOID
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  foreign_tables TEXT;
BEGIN
  SELECT string_agg(s.relid::regclass::TEXT, ', ' ORDER BY s.relid::regclass::TEXT) INTO foreign_tables
  FROM pg_stat_user_tables s
  JOIN pg_class c ON c.oid = s.relid
  JOIN pg_database d ON d.datname = current_database()
  WHERE NOT pg_has_role(c.relowner, 'USAGE') AND NOT pg_has_role(d.datdba, 'USAGE');
  IF foreign_tables IS NOT NULL THEN
    RAISE EXCEPTION 'role "%" does not own, and so cannot analyze: %', current_user, foreign_tables
      USING ERRCODE = 'insufficient_privilege';
  END IF;
END;
$$;

-- Analyzes the tables that changed since their statistics were last collected, and those that have none.
CREATE OR REPLACE FUNCTION update_table_statistics()
RETURNS VOID
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  table_record RECORD;
BEGIN
  PERFORM public.require_analyzable_tables();
  FOR table_record IN
    SELECT schemaname, relname
    FROM pg_stat_user_tables
    WHERE n_mod_since_analyze > 0 OR (last_analyze IS NULL AND last_autoanalyze IS NULL)
    ORDER BY schemaname, relname
  LOOP
    EXECUTE format('ANALYZE %I.%I', table_record.schemaname, table_record.relname);
  END LOOP;
END;
$$;

-- Records the wish to rebuild the indexes of a table, given as name or schema.name, and says so in a notice.
-- A plain REINDEX would lock the table for writers, and REINDEX CONCURRENTLY cannot run in a function.
CREATE OR REPLACE FUNCTION reindex_table(table_name TEXT)
RETURNS VOID
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  target RECORD;
BEGIN
  SELECT n.nspname, c.relname INTO target
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'm')
    AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND reindex_table.table_name IN
      (c.relname, n.nspname || '.' || c.relname, format('%I', c.relname), format('%I.%I', n.nspname, c.relname))
  ORDER BY n.nspname = 'public' DESC, n.nspname
  LIMIT 1;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no table "%"', reindex_table.table_name USING ERRCODE = 'undefined_table';
  END IF;

  INSERT INTO public.maintenance_requests (task, schema_name, table_name, requested_by)
  VALUES ('reindex', target.nspname, target.relname, session_user)
  ON CONFLICT DO NOTHING;
  RAISE NOTICE 'reindex of %.% is requested; the maintenance engine runs it concurrently, outside this function',
    quote_ident(target.nspname), quote_ident(target.relname);
END;
$$;

-- Analyzes every table, changed or not.
CREATE OR REPLACE FUNCTION analyze_all_tables()
RETURNS VOID
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  PERFORM public.require_analyzable_tables();
  ANALYZE;
END;
$$;

-- Rows that break a constraint which Postgres has not verified (NOT VALID), one line a broken constraint.
CREATE OR REPLACE FUNCTION check_constraint_violations()
RETURNS TABLE (
  table_name TEXT,
  constraint_name TEXT,
  violation_count BIGINT
)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  unverified RECORD;
  present TEXT;
  partly_null TEXT;
  matches TEXT;
BEGIN
  FOR unverified IN
    SELECT c.conrelid, c.confrelid, c.conname, c.contype, c.confmatchtype, c.conkey, c.confkey, c.conpfeqop,
           pg_get_expr(c.conbin, c.conrelid) AS condition
    FROM pg_constraint c
    WHERE NOT c.convalidated AND c.contype IN ('c', 'f') AND c.conrelid <> 0
    ORDER BY c.conrelid::regclass::TEXT, c.conname
  LOOP
    IF unverified.contype = 'c' THEN
      EXECUTE format('SELECT count(*) FROM %s WHERE (%s) IS FALSE', unverified.conrelid::regclass, unverified.condition)
      INTO violation_count;
    ELSE
      SELECT string_agg(format('child.%I IS NOT NULL', child.attname), ' AND '),
             string_agg(format('child.%I IS NULL', child.attname), ' OR '),
             string_agg(format('parent.%I OPERATOR(%I.%s) child.%I', parent.attname, n.nspname, o.oprname, child.attname),
                        ' AND ')
      INTO present, partly_null, matches
      FROM unnest(unverified.conkey, unverified.confkey, unverified.conpfeqop)
        AS pair (child_column, parent_column, equality)
      JOIN pg_operator o ON o.oid = pair.equality
      JOIN pg_namespace n ON n.oid = o.oprnamespace
      JOIN pg_attribute child ON child.attrelid = unverified.conrelid AND child.attnum = pair.child_column
      JOIN pg_attribute parent ON parent.attrelid = unverified.confrelid AND parent.attnum = pair.parent_column;

      -- MATCH SIMPLE lets a row with any NULL pass; MATCH FULL only one in which all are NULL.
      EXECUTE format(
        'SELECT count(*) FROM %s child WHERE (%s AND NOT EXISTS (SELECT FROM %s parent WHERE %s)) OR (%L AND (%s) AND NOT (%s))',
        unverified.conrelid::regclass, present, unverified.confrelid::regclass, matches,
        unverified.confmatchtype = 'f', partly_null, replace(partly_null, ' OR ', ' AND '))
      INTO violation_count;
    END IF;

    IF violation_count > 0 THEN
      table_name := unverified.conrelid::regclass::TEXT;
      constraint_name := unverified.conname;
      RETURN NEXT;
    END IF;
  END LOOP;
END;
$$;

REVOKE ALL ON FUNCTION require_analyzable_tables() FROM PUBLIC;
REVOKE ALL ON FUNCTION update_table_statistics() FROM PUBLIC;
REVOKE ALL ON FUNCTION reindex_table(TEXT) FROM PUBLIC;
REVOKE ALL ON FUNCTION analyze_all_tables() FROM PUBLIC;
REVOKE ALL ON FUNCTION check_constraint_violations() FROM PUBLIC;
