\ir ../monitoring/database_monitoring_functions.sql
