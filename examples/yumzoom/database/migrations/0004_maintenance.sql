\ir ../maintenance/maintenance_functions.sql
