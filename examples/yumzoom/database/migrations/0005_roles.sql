-- Who may do what. Passwords are set at start by the runner, never here.
--   yumzoom_app          serves the site: reads and writes rows, nothing else
--   yumzoom_monitor      watches: statistics and sizes, no row of the business
--   yumzoom_maintenance  upkeep: the maintenance functions and the removal of what has expired

DO $$
DECLARE
  role_name TEXT;
BEGIN
  FOREACH role_name IN ARRAY ARRAY['yumzoom_app', 'yumzoom_monitor', 'yumzoom_maintenance'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
      EXECUTE format('CREATE ROLE %I LOGIN', role_name);
    END IF;
  END LOOP;
END;
$$;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO yumzoom_app, yumzoom_monitor, yumzoom_maintenance;

GRANT SELECT ON restaurants, menu_items, migrations TO yumzoom_app;
-- The trigger on ratings runs with the rights of whoever rates.
GRANT UPDATE (rating_total, rating_count) ON restaurants TO yumzoom_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON
  ratings, user_profiles, user_sessions, temporary_uploads, photos, health_check TO yumzoom_app;
GRANT SELECT, INSERT ON orders, user_activity TO yumzoom_app;
GRANT EXECUTE ON FUNCTION
  nearby_restaurants_optimized(DOUBLE PRECISION, DOUBLE PRECISION, DOUBLE PRECISION, INTEGER) TO yumzoom_app;
ALTER ROLE yumzoom_app SET statement_timeout = '15s';
ALTER ROLE yumzoom_app SET idle_in_transaction_session_timeout = '30s';

GRANT pg_monitor TO yumzoom_monitor;
GRANT SELECT ON migrations TO yumzoom_monitor;
GRANT EXECUTE ON FUNCTION get_slow_queries(INTEGER, INTEGER), get_connection_stats(), get_table_sizes(),
  get_unused_indexes() TO yumzoom_monitor, yumzoom_maintenance;
ALTER ROLE yumzoom_monitor SET statement_timeout = '10s';

GRANT pg_monitor TO yumzoom_maintenance;
GRANT EXECUTE ON FUNCTION update_table_statistics(), reindex_table(TEXT), analyze_all_tables(),
  check_constraint_violations() TO yumzoom_maintenance;
GRANT SELECT, DELETE ON user_sessions, user_activity, temporary_uploads TO yumzoom_maintenance;
GRANT SELECT ON maintenance_requests, photos TO yumzoom_maintenance;
GRANT SELECT, INSERT, UPDATE ON daily_activity TO yumzoom_maintenance;
ALTER ROLE yumzoom_maintenance SET lock_timeout = '5s';
