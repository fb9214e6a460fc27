-- Whose the history under the id of a monitor is, also when the monitor is gone: one of another project that takes the
-- id begins with an empty history.
CREATE TABLE monitor_histories (
  monitor_id text PRIMARY KEY,
  project text,
  -- What is older belongs to another project; null = nothing does.
  since timestamptz
);
INSERT INTO monitor_histories (monitor_id, project) SELECT id, project FROM monitors;
-- Of those that are gone already nobody knows whose they were: no project has this name.
INSERT INTO monitor_histories (monitor_id, project)
SELECT DISTINCT monitor_id, '' FROM monitor_events WHERE monitor_id NOT IN (SELECT id FROM monitors);
