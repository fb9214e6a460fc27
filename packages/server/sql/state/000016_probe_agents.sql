-- An agent that said goodbye is no silent one. What keeps its results from being safe, in its own words.
ALTER TABLE probe_agents ADD COLUMN left_at timestamptz, ADD COLUMN trouble text;
ALTER TABLE probe_tokens ADD COLUMN last_used_at timestamptz;
