-- What a database says about itself. Names and signatures are those of the operations guide.
--
-- Every function runs with the rights of its caller and an empty search path. The caller needs the role pg_monitor:
-- without it Postgres hides the text of other roles' statements, and the functions say so instead of answering
-- with half the truth. A figure that is not known is NULL, never 0.

-- Statements whose mean run time since the statistics were reset is above threshold_ms, slowest first.
CREATE OR REPLACE FUNCTION get_slow_queries(threshold_ms INTEGER DEFAULT 1000, limit_count INTEGER DEFAULT 10)
RETURNS TABLE (
  query TEXT,
  avg_duration_ms NUMERIC,
  total_calls BIGINT,
  total_time_ms NUMERIC
)
LANGUAGE plpgsql STABLE SET search_path = '' AS $$
DECLARE
  statistics_schema NAME;
BEGIN
  SELECT n.nspname INTO statistics_schema
  FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
  WHERE e.extname = 'pg_stat_statements';
  IF statistics_schema IS NULL THEN
    RAISE EXCEPTION 'the extension pg_stat_statements is not installed in database "%"', current_database()
      USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'Add it to shared_preload_libraries, restart, and run CREATE EXTENSION pg_stat_statements.';
  END IF;
  IF NOT pg_has_role('pg_read_all_stats', 'USAGE') THEN
    RAISE EXCEPTION 'role "%" may not read the statements of other roles', current_user
      USING ERRCODE = 'insufficient_privilege', HINT = format('GRANT pg_monitor TO %I;', current_user);
  END IF;

  -- Where the extension lives is the installer's choice (Supabase: "extensions"), hence the dynamic statement.
  RETURN QUERY EXECUTE format(
    $query$
      SELECT s.query, round(s.mean_exec_time::NUMERIC, 3), s.calls, round(s.total_exec_time::NUMERIC, 3)
      FROM %I.pg_stat_statements s
      JOIN pg_database d ON d.oid = s.dbid
      WHERE d.datname = current_database()
        AND s.toplevel
        AND s.mean_exec_time > $1
        AND s.query !~* '^\s*(create|alter|drop|copy|vacuum|analyze|reindex|cluster|refresh|grant|revoke)\M'
      ORDER BY s.mean_exec_time DESC
      LIMIT $2
    $query$, statistics_schema)
  USING threshold_ms, limit_count;
END;
$$;

-- Connections of clients (never background workers) against those that ordinary roles may open.
CREATE OR REPLACE FUNCTION get_connection_stats()
RETURNS JSON
LANGUAGE sql STABLE SET search_path = '' AS $$
  SELECT json_build_object(
    'total_connections', clients.total,
    'active_connections', clients.active,
    'idle_connections', clients.idle,
    'idle_in_transaction_connections', clients.idle_in_transaction,
    'max_connections', limits.maximum,
    'usable_connections', limits.usable,
    'usage_percent', round(clients.total::NUMERIC / limits.usable * 100, 2)
  )
  FROM (
    SELECT count(*) AS total,
           count(*) FILTER (WHERE state = 'active') AS active,
           count(*) FILTER (WHERE state = 'idle') AS idle,
           count(*) FILTER (WHERE state LIKE 'idle in transaction%') AS idle_in_transaction
    FROM pg_stat_activity
    WHERE backend_type = 'client backend'
  ) clients,
  (
    SELECT current_setting('max_connections')::INTEGER AS maximum,
           current_setting('max_connections')::INTEGER
             - current_setting('superuser_reserved_connections')::INTEGER
             - coalesce(current_setting('reserved_connections', true)::INTEGER, 0) AS usable
  ) limits;
$$;

-- Tables with their indexes and TOAST, largest first. row_count is the planner's estimate, NULL before the first
-- ANALYZE.
CREATE OR REPLACE FUNCTION get_table_sizes()
RETURNS TABLE (
  table_name TEXT,
  size_mb NUMERIC,
  size_pretty TEXT,
  row_count BIGINT
)
LANGUAGE sql STABLE SET search_path = '' AS $$
  SELECT format('%I.%I', s.schemaname, s.relname),
         round(size.bytes / 1024.0 / 1024.0, 2),
         pg_size_pretty(size.bytes),
         CASE WHEN c.reltuples >= 0 THEN c.reltuples::BIGINT END
  FROM pg_stat_user_tables s
  JOIN pg_class c ON c.oid = s.relid
  CROSS JOIN LATERAL (SELECT pg_total_relation_size(s.relid) AS bytes) size
  WHERE size.bytes IS NOT NULL
  ORDER BY size.bytes DESC, 1;
$$;

-- Indexes that no query has read since the statistics were reset. An index that enforces a rule is never listed.
CREATE OR REPLACE FUNCTION get_unused_indexes()
RETURNS TABLE (
  schema_name TEXT,
  table_name TEXT,
  index_name TEXT,
  index_size TEXT
)
LANGUAGE sql STABLE SET search_path = '' AS $$
  SELECT s.schemaname::TEXT, s.relname::TEXT, s.indexrelname::TEXT, pg_size_pretty(pg_relation_size(s.indexrelid))
  FROM pg_stat_user_indexes s
  JOIN pg_index i ON i.indexrelid = s.indexrelid
  WHERE s.idx_scan = 0
    AND i.indisvalid
    AND NOT i.indisunique
    AND NOT i.indisexclusion
    AND NOT i.indisreplident
    AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)
  ORDER BY pg_relation_size(s.indexrelid) DESC, 1, 2, 3;
$$;

REVOKE ALL ON FUNCTION get_slow_queries(INTEGER, INTEGER) FROM PUBLIC;
REVOKE ALL ON FUNCTION get_connection_stats() FROM PUBLIC;
REVOKE ALL ON FUNCTION get_table_sizes() FROM PUBLIC;
REVOKE ALL ON FUNCTION get_unused_indexes() FROM PUBLIC;

-- The row that the health check writes to prove that the database takes writes.
CREATE TABLE IF NOT EXISTS health_check (
  id TEXT PRIMARY KEY,
  last_check TIMESTAMP WITH TIME ZONE DEFAULT NOW(),
  status TEXT DEFAULT 'healthy',
  details JSONB
);

INSERT INTO health_check (id, status)
VALUES ('health-monitor', 'healthy')
ON CONFLICT (id) DO NOTHING;
