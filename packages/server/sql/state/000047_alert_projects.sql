-- An alert whose labels name no project belongs to that of the key that it was pushed with, or of its monitor.
ALTER TABLE pushed_alerts ADD COLUMN project text;

UPDATE alerts a SET subject = a.subject || jsonb_build_object('project', m.project)
FROM (SELECT name, min(project) AS project FROM monitors GROUP BY name HAVING count(*) = 1 AND min(project) IS NOT NULL) m
WHERE a.origin = 'monitor' AND m.name = a.subject->'labels'->>'monitor';
